import type { ITabRenderer, TabPartInitParameters } from "dockview";
import { h, icon } from "../ui/h.js";

/** TabDecorator keeps an element of a tab up to date with what the page knows of its panel; returns how to stop. */
export type TabDecorator = (panel: string, tab: { readonly dot: HTMLElement; readonly root: HTMLElement }) => () => void;

/**
 * PanelTab is what stands inside of a tab: state, title, and a cross for the mouse. The cross is no button and
 * cannot be focused, because a tab's content is presentational: assistive technology would meet a control that it
 * cannot reach. Keys close a tab with Delete, and the group's actions are real buttons outside of the tab list.
 */
export class PanelTab implements ITabRenderer {
  readonly element: HTMLElement;
  readonly #title = h("span", { class: "cf-tab-title" });
  readonly #cross = h("span", { class: "cf-tab-close", "aria-hidden": "true", title: "Close (Delete)" }, icon("close"));
  readonly #dot = h("span", { class: "cf-dot", "aria-hidden": "true" });
  readonly #panel: string;
  readonly #decorate: TabDecorator | undefined;
  #stop: () => void = () => undefined;

  constructor(panel: string, decorate: TabDecorator | undefined) {
    this.#panel = panel;
    this.#decorate = decorate;
    this.element = h("div", { class: "cf-tab" }, this.#dot, this.#title, this.#cross);
  }

  init({ api, title }: TabPartInitParameters): void {
    this.#title.textContent = title;
    const changed = api.onDidTitleChange((event) => {
      this.#title.textContent = event.title;
    });
    const close = (event: Event): void => {
      event.preventDefault();
      event.stopPropagation();
      api.close();
    };
    // A press on the cross must not begin a drag or bring the tab to the front first.
    this.#cross.addEventListener("pointerdown", (event) => event.stopPropagation());
    this.#cross.addEventListener("click", close);
    this.element.addEventListener("auxclick", (event) => {
      if (event.button === 1) close(event);
    });
    const undecorate = this.#decorate?.(this.#panel, { dot: this.#dot, root: this.element });
    this.#stop = () => {
      changed.dispose();
      undecorate?.();
    };
  }

  dispose(): void {
    this.#stop();
  }
}
