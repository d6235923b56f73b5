import { createDockview } from "dockview";
import type { AddPanelOptions, DockviewApi, DockviewTheme, IDockviewPanel } from "dockview";
import { GroupActions } from "./actions.js";
import { nudged, reordered, resized } from "./adjust.js";
import type { Group, LayoutEngine, LayoutEvents, Panel } from "./layout.js";
import { defaultPlacement } from "./placement.js";
import type { Placement, Side } from "./placement.js";
import { directions, floatBox, positionOf } from "./position.js";
import { PanelTab } from "./tab.js";
import type { TabDecorator } from "./tab.js";
import { fromDockview, renderer, toDockview } from "./translate.js";
import type { Area } from "./translate.js";
import { include, panelsOf, retain } from "./tree.js";
import type { Direction, Layout } from "./tree.js";

const theme: DockviewTheme = {
  name: "crossframe",
  className: "cf-dock",
  gap: 6,
  dndOverlayMounting: "absolute",
  dndPanelOverlay: "group",
  dndTabIndicator: "line",
};

const positions = { left: "left", right: "right", up: "top", down: "bottom" } as const;

export interface DockviewOptions {
  /** Adds what the page knows of a panel to its tab, such as the state of its connection. */
  readonly decorate?: TabDecorator;
}

/**
 * DockviewEngine keeps the promise of LayoutEngine by two settings of dockview that belong together: the renderer
 * "always", which puts every panel's element into one flat layer where it is only positioned, and
 * `reuseExistingPanels` wherever a layout is loaded.
 */
export class DockviewEngine implements LayoutEngine {
  readonly #api: DockviewApi;
  readonly #root: HTMLElement;
  readonly #elements = new Map<string, HTMLElement>();
  readonly #listeners = new Map<keyof LayoutEvents, Set<(value: never) => void>>();
  /** Panels that go away because the page wants it, not because someone closed them. */
  readonly #removing = new Set<string>();
  readonly #subscriptions: { dispose(): void }[];
  readonly #abort = new AbortController();

  constructor(root: HTMLElement, options: DockviewOptions = {}) {
    this.#root = root;
    this.#api = createDockview(root, {
      theme,
      defaultRenderer: "always",
      scrollbars: "native",
      floatingGroupDragHandle: "tabbar",
      floatingGroupBounds: "boundedWithinViewport",
      createComponent: ({ id }) => ({ element: this.#elementOf(id), init: () => undefined }),
      createTabComponent: ({ id }) => new PanelTab(id, options.decorate),
      createRightHeaderActionComponent: () => new GroupActions(this, (panel) => this.#emit("menu", panel)),
      createWatermarkComponent: () => ({ element: document.createElement("div"), init: () => undefined }),
    });
    // Its own observer tells it the size in a later task; a layout may be loaded before.
    this.#api.layout(root.clientWidth, root.clientHeight);
    this.#subscriptions = [
      this.#api.onDidLayoutChange(() => this.#emit("change", undefined)),
      this.#api.onDidActivePanelChange(() => this.#emit("focus", this.focused)),
      this.#api.onDidMaximizedGroupChange(() => this.#emit("change", undefined)),
      this.#api.onDidRemovePanel((panel) => this.#removed(panel.id)),
    ];
    this.#listen();
  }

  add(panel: Panel, element: HTMLElement, placement?: Placement): void {
    if (this.has(panel.id)) throw new Error(`add panel: there is one of the id ${panel.id}`);
    const wanted = placement ?? defaultPlacement(this.#areas());
    if (this.#api.hasMaximizedGroup()) this.#api.exitMaximizedGroup();
    this.#elements.set(panel.id, element);
    // dockview's type lets "floating" and "position" exclude each other, which no spread of either satisfies.
    const options = {
      id: panel.id,
      title: panel.title,
      component: renderer,
      tabComponent: renderer,
      renderer: "always",
      ...(wanted.behind && { inactive: true }),
      ...positionOf(this.#api, wanted),
    } as AddPanelOptions;
    this.#api.addPanel(options);
  }

  remove(panel: string): void {
    const found = this.#api.getPanel(panel);
    if (!found) return;
    this.#removing.add(panel);
    this.#api.removePanel(found);
  }

  has(panel: string): boolean {
    return this.#elements.has(panel);
  }

  setTitle(panel: string, title: string): void {
    this.#api.getPanel(panel)?.api.setTitle(title);
  }

  move(panel: string, side: Side): void {
    const found = this.#docked(panel);
    if (!found) return;
    const next = this.#api.adjacentGroupInDirection(found.group, side);
    const target = this.#api.groups.find((g) => g.id === next?.id);
    if (target) found.api.moveTo({ group: target, position: "center" });
    else if (found.group.panels.length > 1) found.api.moveTo({ group: found.group, position: positions[side] });
    else if (this.#api.groups.length > 1) this.#toEdge(found, side);
  }

  moveInto(panel: string, beside: string): void {
    const found = this.#docked(panel);
    const target = this.#api.getPanel(beside);
    if (found && target && target.group !== found.group) found.api.moveTo({ group: target.group, position: "center" });
  }

  split(panel: string, side: Side): void {
    const found = this.#docked(panel);
    if (found && found.group.panels.length > 1) found.api.moveTo({ group: found.group, position: positions[side] });
  }

  resize(panel: string, direction: Direction, by: number): void {
    this.#adjust(panel, (layout) => resized(layout, panel, direction, by));
  }

  nudge(panel: string, side: Side, by: number): void {
    this.#adjust(panel, (layout) => nudged(layout, panel, side, by));
  }

  reorder(panel: string, by: -1 | 1): void {
    this.#adjust(panel, (layout) => reordered(layout, panel, by));
  }

  float(panel: string): void {
    const found = this.#docked(panel);
    if (!found || found.api.location.type === "floating") return;
    this.#api.addFloatingGroup(found, floatBox(this.#api));
    found.api.setActive();
  }

  dock(panel: string): void {
    const found = this.#api.getPanel(panel);
    if (!found || found.api.location.type !== "floating") return;
    const target = this.#api.groups.find((g) => g.api.location.type === "grid" && g.panels.length > 0);
    if (target) found.api.moveTo({ group: target, position: "center" });
    else found.api.moveTo({ group: this.#api.addGroup({ direction: "right" }), position: "center" });
    found.api.setActive();
  }

  maximise(panel: string): void {
    const found = this.#api.getPanel(panel);
    if (!found) return;
    this.dock(panel); // A floating group cannot fill the workspace where it is.
    found.api.setActive();
    this.#api.maximizeGroup(found);
  }

  restore(): void {
    this.#api.exitMaximizedGroup();
  }

  focus(panel: string): void {
    const found = this.#api.getPanel(panel);
    if (!found) return;
    if (this.maximised && !found.group.api.isMaximized() && found.api.location.type === "grid") this.restore();
    found.api.setActive();
  }

  focusTab(panel: string): void {
    for (const tab of this.#root.querySelectorAll<HTMLElement>("[role=tab]")) {
      if (tab.dataset["tabPanelId"] === panel) tab.focus();
    }
  }

  get focused(): string | undefined {
    return this.#api.activePanel?.id;
  }

  get maximised(): boolean {
    return this.#api.hasMaximizedGroup();
  }

  groups(): readonly Group[] {
    const placed = this.#api.groups
      .filter((g) => g.panels.length > 0)
      .map((g) => ({ group: g, at: g.element.getBoundingClientRect() }));
    placed.sort((a, b) => a.at.top - b.at.top || a.at.left - b.at.left);
    return placed.map(({ group }) => ({
      panels: group.panels.map((p) => p.id),
      active: group.activePanel?.id,
      floating: group.api.location.type === "floating",
    }));
  }

  save(): Layout {
    const maximised = this.#api.groups.find((g) => g.api.isMaximized())?.activePanel?.id;
    const focused = this.focused;
    return fromDockview(this.#api.toJSON(), this.#area(), {
      ...(maximised !== undefined && { maximised }),
      ...(focused !== undefined && { focused }),
    });
  }

  load(layout: Layout): void {
    const here = [...this.#elements.keys()];
    const full = include(retain(layout, (p) => this.#elements.has(p)), here);
    const titles = new Map(this.#api.panels.map((p) => [p.id, p.title ?? p.id]));
    if (panelsOf(full).length === 0) return;
    this.#api.fromJSON(toDockview(full, this.#area(), (p) => titles.get(p) ?? p), { reuseExistingPanels: true });
    if (full.maximised !== undefined) this.maximise(full.maximised);
    if (full.focused !== undefined) this.focus(full.focused);
  }

  on<K extends keyof LayoutEvents>(event: K, listener: (value: LayoutEvents[K]) => void): () => void {
    let set = this.#listeners.get(event);
    if (!set) this.#listeners.set(event, (set = new Set()));
    set.add(listener);
    return () => set.delete(listener);
  }

  dispose(): void {
    this.#abort.abort();
    for (const s of this.#subscriptions) s.dispose();
    this.#listeners.clear();
    this.#api.dispose();
    this.#elements.clear();
  }

  #emit<K extends keyof LayoutEvents>(event: K, value: LayoutEvents[K]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (v: LayoutEvents[K]) => void)(value);
  }

  /** Keys and clicks on tabs that dockview leaves to the page. */
  #listen(): void {
    const { signal } = this.#abort;
    const tabOf = (event: Event): string | undefined =>
      (event.target as Element).closest?.<HTMLElement>("[role=tab]")?.dataset["tabPanelId"];
    this.#root.addEventListener(
      "contextmenu",
      (event) => {
        const panel = tabOf(event);
        if (panel === undefined) return;
        event.preventDefault();
        this.focus(panel);
        this.#emit("menu", panel);
      },
      { signal },
    );
    // Backspace is too near to a slip of the finger to close an app; Delete does.
    this.#root.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Backspace" && tabOf(event) !== undefined) event.stopPropagation();
      },
      { signal, capture: true },
    );
  }

  #elementOf(panel: string): HTMLElement {
    const element = this.#elements.get(panel);
    if (!element) throw new Error(`render panel: ${panel} was never added`);
    return element;
  }

  #removed(panel: string): void {
    this.#elements.delete(panel);
    if (!this.#removing.delete(panel)) this.#emit("closed", panel);
  }

  #area(): Area {
    return { width: this.#api.width, height: this.#api.height };
  }

  #areas(): { active: string | undefined; width: number; height: number }[] {
    return this.#api.groups
      .filter((g) => g.api.location.type === "grid" && g.panels.length > 0)
      .map((g) => ({ active: g.activePanel?.id, width: g.api.width, height: g.api.height }));
  }

  /** The panel, with the workspace restored: a maximised group hides where the others are. */
  #docked(panel: string): IDockviewPanel | undefined {
    const found = this.#api.getPanel(panel);
    if (found && this.maximised) this.restore();
    return found;
  }

  /** Loads the present layout as a function changes it, and puts the keyboard back on the tab, if it was there. */
  #adjust(panel: string, change: (layout: Layout) => Layout): void {
    if (!this.#docked(panel)) return;
    const onTab = this.#root.contains(document.activeElement) && document.activeElement?.closest("[role=tab]") != null;
    this.load(change(this.save()));
    if (onTab) this.focusTab(panel);
  }

  #toEdge(panel: IDockviewPanel, side: Side): void {
    const group = this.#api.addGroup({ direction: directions[side] });
    panel.api.moveTo({ group, position: "center" });
  }
}
