/**
 * Builds an element. It is all the templating this page has: it never parses HTML, so the page runs under Trusted
 * Types without a policy for markup, and text of apps cannot become markup by mistake.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on" || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [type, listener] of Object.entries(props.on ?? {})) {
    element.addEventListener(type, listener as EventListener);
  }
  element.append(...children.filter((c) => c !== undefined && c !== false));
  return element;
}

export type Child = Node | string | undefined | false;

/** Attributes by name; `true` sets an empty one, `false` and `undefined` none. `on` holds listeners by event type. */
export interface Props {
  readonly [attribute: string]: string | number | boolean | undefined | Listeners;
  readonly on?: Listeners;
}

export type Listeners = { readonly [T in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[T]) => void };

const svgSpace = "http://www.w3.org/2000/svg";

/** Icons as paths in a box of 16 by 16, drawn with the colour of the text around them. */
const icons = {
  add: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM11 11l3.2 3.2",
  maximise: "M9.5 2.5h4v4M13.5 2.5l-4.5 4.5M6.5 13.5h-4v-4M2.5 13.5l4.5-4.5",
  restore: "M13 7H9V3M9 7l4.5-4.5M3 9h4v4M7 9l-4.5 4.5",
  split: "M2.5 3h11v10h-11zM8 3v10",
  dock: "M2.5 3h11v10h-11zM2.5 9.5h11",
  float: "M2.5 5.5v8h8M5.5 2.5h8v8h-8z",
  left: "M13 8H3.5M7 4 3 8l4 4",
  right: "M3 8h9.5M9 4l4 4-4 4",
  up: "M8 13V3.5M4 7l4-4 4 4",
  down: "M8 3v9.5M4 9l4 4 4-4",
  next: "M2.5 3.5h5v9h-5zM9.5 8h4M11.5 6l2 2-2 2",
  tab: "M2.5 13V5.5h5l1-2.5h5v10z",
  keyboard: "M2 4.5h12v7H2zM5 9.5h6M4.5 7h.01M7 7h.01M9.5 7h.01M12 7h.01",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  log: "M3 4h10M3 8h10M3 12h6",
  help: "M6 6.2A2 2 0 1 1 8 8.5V10M8 12.3h.01",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  reload: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  app: "M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5H9z",
  user: "M8 8.2a2.9 2.9 0 1 0 0-5.8 2.9 2.9 0 0 0 0 5.8zM2.8 13.6c.5-2.6 2.6-3.7 5.2-3.7s4.7 1.1 5.2 3.7",
  command: "M4 5l3 3-3 3M8.5 11.5h4",
} as const;

export type IconName = keyof typeof icons;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(svgSpace, "svg");
  svg.setAttribute("class", "cf-icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.dataset["icon"] = name;
  const path = document.createElementNS(svgSpace, "path");
  path.setAttribute("d", icons[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon only; the label is its name and its tooltip. */
export function iconButton(name: IconName, label: string, click: (event: MouseEvent) => void): HTMLButtonElement {
  return h("button", { type: "button", class: "cf-iconbutton", title: label, "aria-label": label, on: { click } }, icon(name));
}
