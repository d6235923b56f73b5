/** Two shorthands for the DOM. */

/** byId returns the page's element of that id and kind; a page without it is a mistake in the page. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new TypeError(`the page has no ${kind.name} with the id ${id}`);
  return element;
}

/** make creates an element with properties and content. Text is always text, never markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...content);
  return element;
}

/** facts fills a <dl> with names and values; values that are empty are left out. */
export function facts(list: HTMLElement, pairs: Readonly<Record<string, string>>): void {
  const filled = Object.entries(pairs).filter(([, value]) => value !== "");
  list.replaceChildren(...filled.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}
