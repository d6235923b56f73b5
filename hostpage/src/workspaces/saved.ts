import { LayoutError, emptyLayout, panelsOf, parseLayout, retain } from "./tree.js";
import type { Layout } from "./tree.js";

/** A workspace as it is kept in the browser: the arrangement, and what ran in it. */
export interface SavedWorkspace {
  readonly layout: Layout;
  readonly instances: readonly SavedInstance[];
}

export interface SavedInstance {
  readonly instance: string;
  readonly app: string;
  /** Shown until the app is there. */
  readonly title: string;
  /** What the app was started with, where the runtime told. */
  readonly context?: unknown;
}

/** The part of Storage that is used; window.localStorage is one. */
export interface TextStore {
  getItem(key: string): string | null;
  setItem(key: string, text: string): void;
  removeItem(key: string): void;
}

const savedVersion = 1;
const maxText = 256 * 1024;

/** What was found under a key; `problem` is for people and says why nothing could be used. */
export interface Found {
  readonly workspace?: SavedWorkspace;
  readonly problem?: string;
}

/**
 * Reads the workspace under the key. A text that cannot be used is moved to `<key>.broken`, so that it is neither
 * lost nor met again at the next start.
 */
export function loadWorkspace(store: TextStore, key: string): Found {
  const text = readText(store, key);
  if (text === null) return {};
  try {
    return { workspace: parseWorkspace(text) };
  } catch (error) {
    setAside(store, key, text);
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Saves the workspace; without what its apps were started with, where that is too much: no app decides whether a workspace is kept. */
export function saveWorkspace(store: TextStore, key: string, { layout, instances }: SavedWorkspace): boolean {
  let text = JSON.stringify({ version: savedVersion, layout, instances });
  if (text.length > maxText) {
    const bare = instances.map(({ instance, app, title }) => ({ instance, app, title }));
    text = JSON.stringify({ version: savedVersion, layout, instances: bare });
  }
  if (text.length > maxText) return false;
  try {
    store.setItem(key, text);
    return true;
  } catch {
    return false; // Full, or storage is switched off: the workspace goes on without being saved.
  }
}

/** Reads a saved workspace; throws an Error that names the member which cannot be used. */
export function parseWorkspace(text: string): SavedWorkspace {
  if (text.length > maxText) throw new LayoutError("workspace", "is larger than 256 kB");
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new LayoutError("workspace", "must be an object");
  const { version, layout, instances } = value as Record<string, unknown>;
  if (version !== savedVersion) throw new LayoutError("workspace.version", `is ${String(version)}, this page reads 1`);
  if (!Array.isArray(instances)) throw new LayoutError("workspace.instances", "must be an array");
  const tree = layout === undefined ? emptyLayout : parseLayout(layout);
  const placed = new Set(panelsOf(tree));
  const known = new Map<string, SavedInstance>();
  instances.forEach((entry: unknown, i) => {
    const instance = parseInstance(entry, `instances[${i}]`);
    if (placed.has(instance.instance)) known.set(instance.instance, instance);
  });
  return { layout: retain(tree, (p) => known.has(p)), instances: [...known.values()] };
}

function parseInstance(value: unknown, path: string): SavedInstance {
  if (typeof value !== "object" || value === null) throw new LayoutError(path, "must be an object");
  const { instance, app, title, context } = value as Record<string, unknown>;
  const name = (v: unknown, member: string): string => {
    if (typeof v !== "string" || v === "" || v.length > 512) throw new LayoutError(`${path}.${member}`, "must be a name");
    return v;
  };
  return {
    instance: name(instance, "instance"),
    app: name(app, "app"),
    title: title === undefined ? name(app, "app") : name(title, "title"),
    ...(context !== undefined && { context }),
  };
}

function readText(store: TextStore, key: string): string | null {
  try {
    return store.getItem(key);
  } catch {
    return null; // Storage is switched off in this browser.
  }
}

function setAside(store: TextStore, key: string, text: string): void {
  try {
    store.removeItem(key);
    store.setItem(`${key}.broken`, text.slice(0, maxText));
  } catch {
    // Nothing more can be done for it.
  }
}
