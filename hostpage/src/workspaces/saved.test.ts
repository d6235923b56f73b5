import { expect, test } from "vitest";
import { loadWorkspace, parseWorkspace, saveWorkspace } from "./saved.js";
import type { SavedInstance, SavedWorkspace, TextStore } from "./saved.js";

class MemoryStore implements TextStore {
  readonly texts = new Map<string, string>();
  getItem(key: string): string | null {
    return this.texts.get(key) ?? null;
  }
  setItem(key: string, text: string): void {
    this.texts.set(key, text);
  }
  removeItem(key: string): void {
    this.texts.delete(key);
  }
}

const workspace: SavedWorkspace = {
  layout: { version: 1, floats: [], root: { kind: "tabs", weight: 1, panels: ["i1", "i2"], active: "i2" } },
  instances: [
    { instance: "i1", app: "customers", title: "Customers" },
    { instance: "i2", app: "claims", title: "Claims", context: { id: 4711 } },
  ],
};

test("what was saved comes back", () => {
  const store = new MemoryStore();
  expect(loadWorkspace(store, "k")).toEqual({});
  expect(saveWorkspace(store, "k", workspace)).toBe(true);
  expect(loadWorkspace(store, "k")).toEqual({ workspace });
});

test("contexts that would make it too long are left out", () => {
  const store = new MemoryStore();
  const [first, second] = workspace.instances as [SavedInstance, SavedInstance];
  const large = { ...workspace, instances: [{ ...first, context: "x".repeat(256 * 1024) }, second] };
  expect(saveWorkspace(store, "k", large)).toBe(true);
  const { instance, app, title } = second;
  expect(loadWorkspace(store, "k")).toEqual({ workspace: { ...workspace, instances: [first, { instance, app, title }] } });
});

test("panels and instances that lack each other are left out", () => {
  const text = (instances: unknown): string => JSON.stringify({ version: 1, layout: workspace.layout, instances });
  const read = parseWorkspace(text([{ instance: "i2", app: "claims" }, { instance: "i9", app: "notes" }]));
  expect(read.instances).toEqual([{ instance: "i2", app: "claims", title: "claims" }]);
  expect(read.layout.root).toEqual({ kind: "tabs", weight: 1, panels: ["i2"], active: "i2" });
});

test.each([
  ["no JSON", "{"],
  ["null", "null"],
  ["an array", "[]"],
  ["another version", '{"version":7,"instances":[]}'],
  ["no instances", '{"version":1}'],
  ["an instance without a name", '{"version":1,"instances":[{"instance":"i1"}]}'],
  ["an instance that is none", '{"version":1,"instances":[null]}'],
  ["a layout that is none", '{"version":1,"layout":3,"instances":[]}'],
  ["too much", `{"version":1,"instances":[],"x":"${"x".repeat(300_000)}"}`],
])("%s is put aside, and not met again", (_, text) => {
  const store = new MemoryStore();
  store.setItem("k", text);
  const found = loadWorkspace(store, "k");
  expect(found.workspace).toBeUndefined();
  expect(found.problem).toBeTruthy();
  expect(store.texts.has("k")).toBe(false);
  expect(store.texts.get("k.broken")).toBe(text.slice(0, 256 * 1024));
});

test("storage that is full or off is no error", () => {
  const off: TextStore = {
    getItem: () => {
      throw new Error("denied");
    },
    setItem: () => {
      throw new Error("full");
    },
    removeItem: () => undefined,
  };
  expect(loadWorkspace(off, "k")).toEqual({});
  expect(saveWorkspace(off, "k", workspace)).toBe(false);
});
