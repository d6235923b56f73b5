import type { Placement, Side } from "./placement.js";
import type { Direction, Layout } from "./tree.js";

/**
 * LayoutEngine arranges elements in a workspace. It knows panels by id and nothing of apps; whoever implements it
 * keeps one promise above all: an element that was added stays in the document, at the same place of the tree,
 * until it is removed. A frame inside of it therefore never reloads, whatever is done to the arrangement.
 */
export interface LayoutEngine {
  /** Adds the element as a panel. Without a placement the engine finds one. Throws if the id is taken. */
  add(panel: Panel, element: HTMLElement, placement?: Placement): void;
  remove(panel: string): void;
  has(panel: string): boolean;
  setTitle(panel: string, title: string): void;

  /** Moves a panel into the group in that direction; where there is none, splits it off to that side. */
  move(panel: string, side: Side): void;
  /** Moves a panel into another group, by the id of one of that group's panels. */
  moveInto(panel: string, beside: string): void;
  /** Gives the panel a group of its own at a side of its present one; does nothing where it is alone in it. */
  split(panel: string, side: Side): void;
  /** Makes the panel's group larger by a share of the workspace, or smaller where it is negative, along a direction. */
  resize(panel: string, direction: Direction, by: number): void;
  /** Moves a floating group by a share of the workspace. */
  nudge(panel: string, side: Side, by: number): void;
  /** Moves the panel's tab among the tabs of its group: by -1 to the left, by 1 to the right. */
  reorder(panel: string, by: -1 | 1): void;
  float(panel: string): void;
  /** Takes a floating panel back into the grid. */
  dock(panel: string): void;
  maximise(panel: string): void;
  restore(): void;
  /** Brings the panel to the front and makes its group the active one. */
  focus(panel: string): void;
  /** Puts the keyboard on the tab of the panel. */
  focusTab(panel: string): void;

  readonly focused: string | undefined;
  readonly maximised: boolean;
  groups(): readonly Group[];

  /** The present arrangement. */
  save(): Layout;
  /** Arranges the present panels like the layout: it ignores panels that are not there and keeps those it lacks. */
  load(layout: Layout): void;

  on<K extends keyof LayoutEvents>(event: K, listener: (value: LayoutEvents[K]) => void): () => void;
  dispose(): void;
}

export interface Panel {
  readonly id: string;
  readonly title: string;
}

/** A group of tabs as it is now, in reading order of the workspace. */
export interface Group {
  readonly panels: readonly string[];
  readonly active: string | undefined;
  readonly floating: boolean;
}

export interface LayoutEvents {
  /** The arrangement changed; fires often, save with a delay. */
  readonly change: undefined;
  /** Someone closed the panel by mouse or key. Its element has left the document. */
  readonly closed: string;
  /** Another panel came to the front of the active group. */
  readonly focus: string | undefined;
  /** Someone asked for the menu of a panel. */
  readonly menu: string;
}
