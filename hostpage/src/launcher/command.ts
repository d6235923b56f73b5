import type { IconName } from "../ui/h.js";

/** Something that people can do, by the palette, by keys, or both. */
export interface Command {
  readonly id: string;
  readonly title: string;
  /** Heading that it stands under. */
  readonly section: "Apps" | "Panel" | "Workspace" | "Page";
  /** Further words that find it. */
  readonly words?: string;
  /** Second line, such as the origin of an app. */
  readonly detail?: string;
  readonly icon?: IconName;
  /** Keys in tinykeys' notation, and as people read them. */
  readonly keys?: { readonly binding: string; readonly shown: string };
  /** Offered only where it would do something; if absent, always. */
  readonly when?: () => boolean;
  readonly run: () => void;
}
