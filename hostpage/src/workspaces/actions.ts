import type { IGroupHeaderProps, IHeaderActionsRenderer } from "dockview";
import { h, iconButton } from "../ui/h.js";
import type { LayoutEngine } from "./layout.js";

/** GroupActions are the buttons at the right end of a group's tabs. They act on the panel in front. */
export class GroupActions implements IHeaderActionsRenderer {
  readonly element = h("div", { class: "cf-actions" });
  readonly #engine: LayoutEngine;
  readonly #menu: (panel: string) => void;
  #subscriptions: { dispose(): void }[] = [];

  constructor(engine: LayoutEngine, menu: (panel: string) => void) {
    this.#engine = engine;
    this.#menu = menu;
  }

  init({ group, containerApi }: IGroupHeaderProps): void {
    const onPanel = (act: (panel: string) => void) => (): void => {
      const panel = group.activePanel?.id;
      if (panel !== undefined) act(panel);
    };
    const split = iconButton("split", "Split to the right", onPanel((p) => this.#engine.split(p, "right")));
    const dock = iconButton("dock", "Dock", onPanel((p) => this.#engine.dock(p)));
    const maximise = iconButton("maximise", "Maximise", onPanel((p) => this.#engine.maximise(p)));
    const restore = iconButton("restore", "Restore", () => this.#engine.restore());
    const more = iconButton("more", "Panel commands", onPanel((p) => this.#menu(p)));
    const update = (): void => {
      const floating = group.api.location.type === "floating";
      const maximised = group.api.isMaximized();
      split.hidden = floating || maximised || group.panels.length < 2;
      dock.hidden = !floating;
      maximise.hidden = maximised;
      restore.hidden = !maximised;
    };
    this.element.append(split, dock, maximise, restore, more);
    this.#subscriptions = [
      group.api.onDidLocationChange(update),
      containerApi.onDidMaximizedGroupChange(update),
      containerApi.onDidLayoutChange(update),
    ];
    update();
  }

  dispose(): void {
    for (const s of this.#subscriptions) s.dispose();
  }
}
