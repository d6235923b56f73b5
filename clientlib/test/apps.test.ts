import {
  OpAppChanged,
  OpAppDefine,
  OpAppInstances,
  OpAppList,
  OpAppRemove,
  OpAppStart,
  OpAppStop,
  OpAppUnwatch,
  OpAppWatch,
  OpAuditEvent,
  OpAuditUnwatch,
  OpAuditWatch,
  OpPolicyGet,
  OpPolicySet,
} from "@crossframe/protocol";
import { describe, expect, test } from "vitest";
import { connected, delivered, rejection } from "./hub.js";

const head = (m: { head: string }) => JSON.parse(m.head || "{}") as Record<string, unknown>;
const instance = (id: string, state = "connected") => ({ instance: id, app: "crm", state });

describe("apps", () => {
  test("start", async () => {
    const { hub, port } = await connected();
    const starting = hub.apps.start("crm", { context: { id: 1 }, waitFor: "created", timeout: 500, placement: { side: "left" } });
    const asked = await port.reply(OpAppStart, { head: instance("i1") });
    expect([asked.name, head(asked), asked.body]).toEqual([
      "crm",
      { waitFor: "created", timeoutMs: 500, placement: { side: "left" } },
      '{"id":1}',
    ]);
    expect(await starting).toEqual(instance("i1"));
    const failed = rejection(hub.apps.start("crm"));
    await port.fail(OpAppStart, { code: "APP_FAILED", message: "frame-ancestors", retryable: true });
    expect(await failed).toMatchObject({ code: "APP_FAILED", message: "frame-ancestors", retryable: true });
    const controller = new AbortController();
    const aborted = rejection(hub.apps.start("crm", { signal: controller.signal }));
    await port.next(OpAppStart);
    controller.abort();
    expect((await aborted).code).toBe("CANCELLED");
    await delivered();
    expect(port.messages.items).toEqual([]);
    hub.close();
  });

  test("stop, list, instances, define, remove", async () => {
    const { hub, port } = await connected();
    const definition = { name: "crm", url: "https://crm.example.com/" };
    const all = Promise.all([
      hub.apps.stop("i1"),
      hub.apps.list(),
      hub.apps.instances(),
      hub.apps.define([definition]),
      hub.apps.remove("crm"),
    ]);
    expect((await port.reply(OpAppStop)).name).toBe("i1");
    await port.reply(OpAppList, { head: { apps: [definition] } });
    await port.reply(OpAppInstances, { head: { instances: [instance("i1")] } });
    expect(head(await port.reply(OpAppDefine))).toEqual({ apps: [definition] });
    expect((await port.reply(OpAppRemove)).name).toBe("crm");
    expect(await all).toEqual([undefined, [definition], [instance("i1")], undefined, undefined]);
    hub.close();
  });

  test("watch", async () => {
    const { hub, port } = await connected();
    const seen: unknown[] = [];
    const watching = hub.apps.watch((change) => seen.push(change));
    const { id } = await port.reply(OpAppWatch, { head: { instances: [instance("i1", "loading")] } });
    const stop = await watching;
    port.send(
      { op: OpAppChanged, ref: id, head: { instances: [instance("i1")] } },
      { op: OpAppChanged, ref: id, head: { stopped: [instance("i1", "gone")], removed: ["crm"] } },
    );
    await delivered();
    const nothing = { defined: [], removed: [], instances: [], stopped: [] };
    expect(seen).toEqual([
      { ...nothing, instances: [instance("i1", "loading")] },
      { ...nothing, instances: [instance("i1")] },
      { ...nothing, stopped: [instance("i1", "gone")], removed: ["crm"] },
    ]);
    void stop();
    expect((await port.next(OpAppUnwatch)).ref).toBe(id);
    hub.close();
  });
});

describe("administration", () => {
  test("policy", async () => {
    const { hub, port } = await connected();
    const getting = hub.policy.get();
    await port.reply(OpPolicyGet, { head: { blockList: ["*.evil.test"] } });
    expect(await getting).toEqual({ blockList: ["*.evil.test"] });
    const setting = rejection(hub.policy.set({ allowList: ["a.test"] }));
    await port.fail(OpPolicySet, { code: "PERMISSION_DENIED", message: "" });
    expect((await setting).code).toBe("PERMISSION_DENIED");
    hub.close();
  });

  test("audit: each watch has its listener, and ends at the hub, too", async () => {
    const { hub, port } = await connected();
    const seen: unknown[] = [];
    const starting = [1, 2].map((who) => hub.audit.watch(({ code }) => seen.push([who, code])));
    const [first, second] = [await port.reply(OpAuditWatch), await port.reply(OpAuditWatch)];
    const [stop] = await Promise.all(starting);
    const event = (ref: number) => ({ op: OpAuditEvent, ref, head: { timeMs: 1, code: "ORIGIN_BLOCKED" } });
    port.send(event(first.id), event(second.id));
    await delivered();
    const stopping = stop?.();
    expect((await port.reply(OpAuditUnwatch)).ref).toBe(first.id);
    await stopping;
    port.send(event(first.id), event(second.id));
    await delivered();
    expect(seen).toEqual([[1, "ORIGIN_BLOCKED"], [2, "ORIGIN_BLOCKED"], [2, "ORIGIN_BLOCKED"]]);
    expect(port.messages.items).toEqual([]);
    hub.close();
  });

  test("audit: the watch comes back after a reconnect", async () => {
    const { hub, port, scripted } = await connected();
    const seen: unknown[] = [];
    const starting = hub.audit.watch(({ code }) => seen.push(code));
    await port.reply(OpAuditWatch);
    const stop = await starting;
    hub.reconnect();
    const second = await scripted.admitNext();
    const { id } = await second.reply(OpAuditWatch);
    second.send({ op: OpAuditEvent, ref: id, head: { timeMs: 1, code: "SUPERSEDED" } });
    await delivered();
    expect(seen).toEqual(["SUPERSEDED"]);
    void stop();
    expect((await second.next(OpAuditUnwatch)).ref).toBe(id);
    hub.close();
  });

  test("audit: a refusal rejects, and it can be tried again", async () => {
    const { hub, port } = await connected();
    const failed = rejection(hub.audit.watch(() => {}));
    await port.fail(OpAuditWatch, { code: "PERMISSION_DENIED", message: "" });
    expect((await failed).code).toBe("PERMISSION_DENIED");
    const again = hub.audit.watch(() => {});
    await port.reply(OpAuditWatch);
    await again;
    hub.close();
  });
});
