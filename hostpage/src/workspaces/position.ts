import type { AddPanelOptions, AddPanelPositionOptions, DockviewApi, DockviewGroupPanel } from "dockview";
import type { Placement } from "./placement.js";

/** Sides as dockview calls them where a panel or group is added. */
export const directions = { left: "left", right: "right", up: "above", down: "below" } as const;

interface Position extends Pick<AddPanelOptions, "initialWidth" | "initialHeight"> {
  readonly floating?: Exclude<AddPanelOptions["floating"], undefined | boolean>;
  readonly position?: AddPanelPositionOptions;
}

/** Says a placement in dockview's words. A panel it is relative to that is not there (any more) is left out. */
export function positionOf(api: DockviewApi, p: Placement): Position {
  if (p.area === "float") return { floating: floatBox(api) };
  const beside = p.beside === undefined ? undefined : api.getPanel(p.beside)?.group;
  const group = beside ?? dockedGroup(api);
  if (!group) return {};
  if (p.area === "tab") return { position: { referenceGroup: group } };
  const direction = directions[p.area];
  const position = beside ? { referenceGroup: beside, direction } : { direction };
  return { position, ...initialSize(p, beside?.api ?? api) };
}

/** Where the next float opens. Each starts a little further, so that a second one does not hide the first. */
export function floatBox(api: DockviewApi): { x: number; y: number; width: number; height: number } {
  const step = (api.groups.filter((g) => g.api.location.type === "floating").length % 5) * 28;
  const width = Math.min(640, api.width * 0.6);
  const height = Math.min(440, api.height * 0.6);
  return {
    width,
    height,
    x: Math.max(0, api.width - width - 48 - step),
    y: Math.max(0, Math.min(48 + step, api.height - height)),
  };
}

function dockedGroup(api: DockviewApi): DockviewGroupPanel | undefined {
  const docked = api.groups.filter((g) => g.api.location.type === "grid");
  return docked.find((g) => g === api.activeGroup) ?? docked[0];
}

function initialSize(p: Placement, of: { readonly width: number; readonly height: number }): Position {
  if (p.size === undefined) return {};
  const across = p.area === "left" || p.area === "right";
  return across ? { initialWidth: Math.round(p.size * of.width) } : { initialHeight: Math.round(p.size * of.height) };
}
