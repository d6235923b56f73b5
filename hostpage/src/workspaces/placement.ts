/**
 * Where a new panel goes. The hint comes with a frame from the hub, which got it from an app definition, from the
 * caller of apps.start, or from a saved layout: it is a wish, so whatever of it cannot be read is left out.
 */

export type Side = "left" | "right" | "up" | "down";

export interface Placement {
  /** "tab" beside the panel named by `beside`, a side of it, or floating. */
  readonly area: "tab" | Side | "float";
  /** Panel that the area is relative to; if absent, the whole workspace (for "tab": the focused group). */
  readonly beside?: string;
  /** Share of the space that is split, within 0.1 and 0.9. */
  readonly size?: number;
  /** The panel joins the tabs without coming to the front. */
  readonly behind?: boolean;
}

const areas: Readonly<Record<string, Placement["area"]>> = {
  tab: "tab",
  left: "left",
  right: "right",
  up: "up",
  top: "up",
  down: "down",
  bottom: "down",
  float: "float",
};

/** Reads `{area, beside?, size?, behind?}`, as a value or as JSON text; undefined where there is no usable area. */
export function parsePlacement(hint: unknown): Placement | undefined {
  const o = typeof hint === "string" ? fromText(hint) : hint;
  if (typeof o !== "object" || o === null) return undefined;
  const { area, beside, size, behind } = o as Record<string, unknown>;
  const known = typeof area === "string" && Object.hasOwn(areas, area) ? areas[area] : undefined;
  if (known === undefined) return undefined;
  return {
    area: known,
    ...(typeof beside === "string" && beside !== "" && { beside }),
    ...(typeof size === "number" && Number.isFinite(size) && { size: Math.min(0.9, Math.max(0.1, size)) }),
    ...(behind === true && { behind }),
  };
}

function fromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A group as the default placement sees it. Sizes in CSS pixels. */
export interface GroupArea {
  readonly active: string | undefined;
  readonly width: number;
  readonly height: number;
}

/** Neither half of a split by default placement gets smaller than this, in CSS pixels. */
const roomy = { width: 420, height: 300 } as const;

/**
 * Places a panel that came without a hint: beside the others while there are fewer than four groups with room to
 * be halved, because people put apps together to see them together; from then on as a tab of the focused group.
 */
export function defaultPlacement(groups: readonly GroupArea[]): Placement {
  const largest = groups.reduce<GroupArea | undefined>(
    (best, g) => (best && best.width * best.height >= g.width * g.height ? best : g),
    undefined,
  );
  if (!largest || largest.active === undefined || groups.length >= 4) return { area: "tab" };
  if (largest.width >= largest.height && largest.width >= 2 * roomy.width) {
    return { area: "right", beside: largest.active, size: 0.5 };
  }
  if (largest.height >= 2 * roomy.height) return { area: "down", beside: largest.active, size: 0.5 };
  return { area: "tab" };
}
