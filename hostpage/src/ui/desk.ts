import type { Fault, FrameSpec, FrameState } from "@crossframe/protocol";
import type { Frames } from "../frames/frames.js";
import type { LayoutEngine } from "../workspaces/layout.js";
import { parsePlacement } from "../workspaces/placement.js";
import type { Placement } from "../workspaces/placement.js";
import type { SavedInstance, SavedWorkspace } from "../workspaces/saved.js";
import type { Layout, LayoutNode } from "../workspaces/tree.js";
import { layoutVersion } from "../workspaces/tree.js";
import { watchFrameFocus } from "./focus.js";
import type { ConnectionLog } from "./log.js";
import { FramePanel } from "./panel.js";
import type { PanelState } from "./panel.js";

export interface DeskParts {
  readonly engine: LayoutEngine;
  readonly frames: Frames;
  readonly log: ConnectionLog;
  readonly on: {
    removed(frame: number | undefined, instance: string): void;
    failed(frame: number | undefined, fault: Fault): void;
    retry(frame: number | undefined, instance: string): void;
  };
  /** Something worth saving changed. */
  changed(): void;
}

interface Seat {
  readonly panel: FramePanel;
  readonly app: string;
  readonly title: string;
  /** The frame in it; a panel of a saved layout waits without one. */
  frame: number | undefined;
  /** What it was started with at the last visit, kept until the runtime tells anew. */
  readonly context?: unknown;
}

/** States from which an app begins anew when it is opened again. In any other it would lose what it holds. */
const over: ReadonlySet<PanelState> = new Set<PanelState>(["gone", "failed", "refused"]);

/** Desk joins what belongs to one instance: its panel in the arrangement, its frame, its state, its tab. */
export class Desk {
  readonly #parts: DeskParts;
  readonly #seats = new Map<string, Seat>();
  readonly #instances = new Map<number, string>();
  readonly #stops: (() => void)[];

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { engine } = parts;
    this.#stops = [
      engine.on("change", () => parts.changed()),
      engine.on("closed", (instance) => this.#left(instance)),
      watchFrameFocus((iframe) => this.#entered(iframe)),
    ];
    document.addEventListener("keydown", this.#key);
    this.#stops.push(() => document.removeEventListener("keydown", this.#key));
  }

  get empty(): boolean {
    return this.#seats.size === 0;
  }

  open(frame: number, spec: FrameSpec): void {
    const { engine, frames, log, on, changed } = this.#parts;
    const seat = this.#seats.get(spec.instance) ?? this.#seat(spec);
    if (seat.frame === frame && frames.spec(frame)) {
      engine.focus(spec.instance);
      if (!over.has(seat.panel.state)) return;
    }
    if (seat.frame !== undefined && seat.frame !== frame) {
      this.#instances.delete(seat.frame);
      frames.close(seat.frame);
    }
    seat.frame = frame;
    this.#instances.set(frame, spec.instance);
    if (!engine.has(spec.instance)) {
      engine.add({ id: spec.instance, title: seat.title }, seat.panel.element, this.#placement(spec.placement));
    }
    const fault = frames.open(frame, spec, seat.panel.element);
    seat.panel.setOrigin(URL.canParse(spec.url) ? new URL(spec.url).origin : "");
    if (fault) {
      seat.panel.set({ state: "failed", reason: fault });
      log.add({ timeMs: Date.now(), code: fault.code, app: spec.app, origin: seat.panel.origin, text: fault.message, grave: true });
      on.failed(frame, fault);
    } else {
      seat.panel.starting();
    }
    changed();
  }

  /** The hub ended the instance: its panel goes. */
  closeFrame(frame: number): void {
    const instance = this.#instances.get(frame);
    if (instance === undefined) return;
    this.#forget(instance);
    this.#parts.engine.remove(instance);
    this.#parts.changed();
  }

  /** Someone closes the panel. */
  close(instance: string): void {
    this.#parts.engine.remove(instance);
    this.#left(instance);
  }

  retry(instance: string): void {
    const seat = this.#seats.get(instance);
    if (!seat) return;
    if (seat.frame === undefined) {
      seat.panel.waiting();
    } else if (this.#parts.frames.spec(seat.frame)) {
      seat.panel.starting();
      this.#parts.frames.reload(seat.frame);
    }
    this.#parts.on.retry(seat.frame, instance);
  }

  /** Puts the keyboard into the app. */
  enter(instance: string): void {
    const frame = this.#seats.get(instance)?.frame;
    if (frame !== undefined) this.#parts.frames.iframe(frame)?.focus();
  }

  loaded(frame: number): void {
    this.#seatOf(frame)?.panel.loaded();
  }

  setState(frame: number, state: FrameState): void {
    const seat = this.#seatOf(frame);
    if (!seat) return;
    seat.panel.set(state);
    this.#parts.log.add({
      timeMs: Date.now(),
      code: state.reason?.code ?? state.state,
      app: seat.app,
      origin: seat.panel.origin,
      text: state.reason?.message ?? "",
      grave: state.state === "refused" || state.state === "failed",
    });
  }

  restoreFailed(instance: string, fault: Fault): void {
    const seat = this.#seats.get(instance);
    if (seat && seat.frame === undefined) seat.panel.set({ state: "failed", reason: fault });
  }

  /** Puts the panels of the last visit in their places, to wait for their frames. */
  restore({ layout, instances }: SavedWorkspace): void {
    for (const saved of instances) {
      const seat = this.#seat(saved);
      this.#parts.engine.add({ id: saved.instance, title: seat.title }, seat.panel.element, { area: "tab" });
    }
    this.#parts.engine.load(layout);
  }

  save(contextOf: ((instance: string) => unknown) | undefined): SavedWorkspace {
    const instances = [...this.#seats].map(([instance, { app, title, context }]): SavedInstance => {
      const now = contextOf?.(instance) ?? context;
      return { instance, app, title, ...(now !== undefined && { context: now }) };
    });
    return { layout: this.#parts.engine.save(), instances };
  }

  /** Tiles all panels: up to three side by side, further ones as tabs behind them. */
  reset(): void {
    const all = [...this.#seats.keys()];
    const columns = Math.min(3, all.length);
    const children = Array.from({ length: columns }, (_, c): LayoutNode => {
      const panels = all.filter((_, i) => i % columns === c);
      return { kind: "tabs", weight: 1, panels, active: panels[0] ?? "" };
    });
    if (children.length === 0) return;
    const root: LayoutNode = { kind: "split", direction: "row", weight: 1, children };
    const { focused } = this.#parts.engine;
    const layout: Layout = { version: layoutVersion, floats: [], root, ...(focused !== undefined && { focused }) };
    this.#parts.engine.load(layout);
  }

  /** Keeps a tab's dot and tooltip up to date. */
  decorate(instance: string, { dot, root }: { dot: HTMLElement; root: HTMLElement }): () => void {
    const panel = this.#seats.get(instance)?.panel;
    if (!panel) return () => undefined;
    const update = (): void => {
      dot.dataset["state"] = panel.state;
      root.title = panel.summary;
      root.closest("[role=tab]")?.setAttribute("aria-description", panel.state);
    };
    update();
    queueMicrotask(update); // The tab around it is there only after it was made.
    return panel.onChange(update);
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    for (const { panel } of this.#seats.values()) panel.dispose();
    this.#seats.clear();
    this.#instances.clear();
  }

  #seat({ instance, app, title, ...rest }: Pick<FrameSpec, "instance" | "app" | "title"> & { readonly context?: unknown }): Seat {
    const name = title === "" ? app : title;
    const panel = new FramePanel(name, { retry: () => this.retry(instance), close: () => this.close(instance) });
    const seat: Seat = { panel, app, title: name, frame: undefined, ...("context" in rest && { context: rest.context }) };
    this.#seats.set(instance, seat);
    return seat;
  }

  /** A definition cannot know instance ids: its hint names the app to stand beside. */
  #placement(hint: unknown): Placement | undefined {
    const placement = parsePlacement(hint);
    if (placement?.beside === undefined || this.#parts.engine.has(placement.beside)) return placement;
    const { beside, ...rest } = placement;
    const instance = [...this.#seats].find(([id, { app }]) => app === beside && this.#parts.engine.has(id))?.[0];
    return instance === undefined ? rest : { ...rest, beside: instance };
  }

  #seatOf(frame: number): Seat | undefined {
    const instance = this.#instances.get(frame);
    return instance === undefined ? undefined : this.#seats.get(instance);
  }

  #left(instance: string): void {
    const frame = this.#forget(instance);
    this.#parts.on.removed(frame, instance);
    this.#parts.changed();
  }

  #forget(instance: string): number | undefined {
    const seat = this.#seats.get(instance);
    if (!seat) return undefined;
    this.#seats.delete(instance);
    seat.panel.dispose();
    if (seat.frame !== undefined) {
      this.#instances.delete(seat.frame);
      this.#parts.frames.close(seat.frame);
    }
    return seat.frame;
  }

  #entered(iframe: HTMLIFrameElement): void {
    for (const [instance, { frame }] of this.#seats) {
      if (frame === undefined || this.#parts.frames.iframe(frame) !== iframe) continue;
      if (this.#parts.engine.focused !== instance) this.#parts.engine.focus(instance);
    }
  }

  /** Enter on the tab in front goes on into the app. */
  readonly #key = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLElement)) return;
    const { target } = event;
    if (target.getAttribute("role") !== "tab" || target.getAttribute("aria-selected") !== "true") return;
    const panel = target.dataset["tabPanelId"];
    if (panel !== undefined) this.enter(panel);
  };
}
