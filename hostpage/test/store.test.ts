import { beforeEach, expect, test, vi } from "vitest";

import { ContextStore } from "../src/runtime/store.js";

/** What idb-keyval would have in the browser; the store's own decisions are tried here, IndexedDB itself end to end. */
const kept = new Map<string, unknown>();
let transactions = 0;
vi.mock("idb-keyval", () => ({
  createStore: () => (_mode: string, work: (store: object) => unknown) => {
    transactions++;
    return work({ put: (value: unknown, key: string) => kept.set(key, value), delete: (key: string) => kept.delete(key) });
  },
  entries: () => Promise.resolve([...kept]),
  promisifyRequest: () => Promise.resolve(),
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

test("keeps what a broker does not have yet, and what it takes to send it", async () => {
  const store = new ContextStore("test", () => undefined);
  const keys = ["contexts/base/user\nx", "contexts/pending/7", "contexts/sequence", "contexts/identity", "hub/link"];
  for (const key of keys) store.changed(key, [chunk({ lifetime: "owner" })]);
  for (const key of ["contexts/waits/7", "contexts/follower/1/2", "hub/remote/3"]) store.changed(key, [chunk({})]);
  await store.flush();
  expect([...kept.keys()]).toEqual(keys);
});

test("writes a pending write at once, and others with it, in one transaction", async () => {
  vi.useFakeTimers();
  try {
    const store = new ContextStore("test", () => undefined);
    const before = transactions;
    store.changed("contexts/value/a", [chunk({})]);
    await vi.advanceTimersByTimeAsync(10);
    expect(kept.size).toBe(0);
    store.changed("contexts/pending/1", [chunk({})]);
    store.changed("contexts/pending/2", [chunk({})]);
    store.changed("contexts/pending/1", undefined);
    await vi.advanceTimersByTimeAsync(1);
    expect([...kept.keys()]).toEqual(["contexts/value/a", "contexts/pending/2"]);
    expect(transactions).toBe(before + 1);
    store.changed("contexts/pending/2", undefined);
    await vi.advanceTimersByTimeAsync(5);
    expect(kept.size).toBe(2);
    await vi.advanceTimersByTimeAsync(300);
    expect(kept.size).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

test("forgets what was destroyed", async () => {
  const store = new ContextStore("test", () => undefined);
  store.changed("contexts/value/a", [chunk({ name: "a" })]);
  await store.flush();
  store.changed("contexts/value/a", undefined);
  await store.flush();
  expect(kept.size).toBe(0);
});
