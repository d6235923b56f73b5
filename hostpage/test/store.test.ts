import { beforeEach, expect, test, vi } from "vitest";

import { ContextStore } from "../src/runtime/store.js";

/** What idb-keyval would have in the browser; the store's own decisions are tried here, IndexedDB itself end to end. */
const kept = new Map<string, unknown>();
vi.mock("idb-keyval", () => ({
  createStore: () => ({}),
  entries: () => Promise.resolve([...kept]),
  setMany: (pairs: [string, unknown][]) => {
    for (const [key, value] of pairs) kept.set(key, value);
    return Promise.resolve();
  },
  delMany: (keys: string[]) => {
    for (const key of keys) kept.delete(key);
    return Promise.resolve();
  },
}));

beforeEach(() => kept.clear());

const chunk = (head: object): { head: string; body: string } => ({ head: JSON.stringify(head), body: "{}" });

test("keeps shared contexts, and neither connections nor what ends with its owner", async () => {
  const store = new ContextStore("test", () => undefined);
  store.changed("contexts/value/a", [chunk({ name: "a", lifetime: "session" })]);
  store.changed("contexts/value/b", [chunk({ name: "b", lifetime: "owner" })]);
  store.changed("hub/connection/1", [chunk({})]);
  await store.flush();
  expect([...kept.keys()]).toEqual(["contexts/value/a"]);
});

test("leaves out what is damaged, and says so once", async () => {
  kept.set("contexts/value/good", [chunk({ name: "good" })]);
  kept.set("contexts/value/bad", { head: 1 });
  kept.set("something/else", []);
  const said: string[] = [];
  const store = new ContextStore("test", (reason) => said.push(reason));
  expect((await store.load()).map(([key]) => key)).toEqual(["contexts/value/good"]);
  await store.load();
  expect(said).toHaveLength(1);
});

test("forgets what was destroyed", async () => {
  const store = new ContextStore("test", () => undefined);
  store.changed("contexts/value/a", [chunk({ name: "a" })]);
  await store.flush();
  store.changed("contexts/value/a", undefined);
  await store.flush();
  expect(kept.size).toBe(0);
});
