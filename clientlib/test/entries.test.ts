import { afterEach, describe, expect, test, vi } from "vitest";
import * as core from "../src/core.js";
import { connectWindow } from "../src/connect.js";
import { createCoreHub } from "../src/hub.js";
import * as full from "../src/index.js";
import { OpContextEvent, OpContextSubscribe, OpContextUnsubscribe, OpContextValue, OpInvoke, type Ack } from "@crossframe/protocol";
import { delivered, hubOrigin, rejection, ScriptedHub } from "./hub.js";

afterEach(() => void vi.unstubAllGlobals());

/** A page that nothing frames and nothing opened. */
function alone(src?: string) {
  class HTMLScriptElement {
    readonly src = src;
  }
  const page: Record<string, unknown> = { location: { origin: "https://crm.example.com" }, addEventListener() {} };
  page["top"] = page["parent"] = page;
  vi.stubGlobal("window", page);
  vi.stubGlobal("HTMLScriptElement", HTMLScriptElement);
  vi.stubGlobal("document", { referrer: "", currentScript: src ? new HTMLScriptElement() : null });
  return page;
}

/** A connected hub of the core. */
async function coreHub(parts: core.Parts = {}, ack: Partial<Ack> = {}) {
  const scripted = new ScriptedHub();
  const connecting = connectWindow({ ...parts, furnish: createCoreHub }, scripted.environment(), { hubOrigins: [hubOrigin] });
  const port = await scripted.admitNext(ack);
  return { hub: await connecting, port, scripted };
}

describe("the entries", () => {
  test("offer the same, but that core does not connect over a port, and has parts to add", () => {
    expect(Object.keys(full).sort()).toEqual(["CrossframeError", "connect", "connectPort", "transfer"]);
    expect(Object.keys(core).sort()).toEqual(["CrossframeError", "connect", "pacing", "recovery", "transfer"]);
  });

  test.each([["everything", full.connect], ["core", core.connect]])("with %s say that there is no hub", async (_, connect) => {
    alone();
    expect(await rejection(connect({ hubOrigins: [hubOrigin] }))).toMatchObject({
      code: "HUB_NOT_FOUND",
      message: expect.stringContaining("Cross-Origin-Opener-Policy"),
    });
  });

  test("core has methods and contexts", async () => {
    const scripted = new ScriptedHub();
    const connecting = connectWindow({ furnish: createCoreHub }, scripted.environment(), { hubOrigins: [hubOrigin] });
    await scripted.admitNext();
    const hub = await connecting;
    expect(Object.keys(hub).sort()).toEqual(["close", "contexts", "interop", "me", "on"]);
    hub.close();
  });

  test("core reads a context anew that others patched", async () => {
    const { hub, port } = await coreHub();
    const seen: unknown[] = [];
    const subscribing = hub.contexts.subscribe("c", (value, { kind }) => seen.push([kind, value]));
    const { id: ref } = await port.next(OpContextSubscribe);
    port.send({ op: OpContextValue, id: ref, ref: 1, json: { a: 1 } });
    await subscribing;
    port.send({ op: OpContextEvent, id: 2, ref, head: { kind: "patch", set: [["a", "b"]] }, json: [2] });
    expect((await port.reply(OpContextUnsubscribe)).ref).toBe(ref);
    const { id } = await port.next(OpContextSubscribe);
    port.send({ op: OpContextValue, id, ref: 2, json: { a: { b: 2 } } }, { op: OpContextEvent, id: 3, ref: id, json: { c: 3 } });
    await delivered();
    expect(seen).toEqual([["set", { a: 1 }], ["set", { a: { b: 2 } }], ["update", { a: { b: 2 }, c: 3 }]]);
    hub.close();
  });

  test("core ends with its connection", async () => {
    const { hub, port, scripted } = await coreHub();
    const told: unknown[] = [];
    hub.on("closed", ({ code }) => told.push(code));
    port.refuse({ code: "SESSION_REVOKED", message: "", retryable: true });
    await delivered();
    expect(told).toEqual(["SESSION_REVOKED"]);
    expect(scripted.greetings.items).toEqual([]);
  });

  test("core comes back, and keeps to the limits, where an app adds these parts", async () => {
    const { hub, port, scripted } = await coreHub({ recovery: core.recovery, pacing: core.pacing }, { limits: { messagesPerSecond: 10, burst: 2 } });
    for (let i = 0; i < 3; i++) hub.interop.invoke("m").catch(() => undefined);
    await delivered();
    expect(port.messages.items.filter(({ op }) => op === OpInvoke)).toHaveLength(1);
    port.refuse({ code: "SESSION_REVOKED", message: "", retryable: true });
    await scripted.greetings.next();
    hub.close();
  });

  test("as a script is the global crossframe, and trusts the origin that it came from", async () => {
    const page = alone(`${hubOrigin}/client/v1/client.js`);
    await import("../src/script.js");
    const { connect, ...rest } = page["crossframe"] as typeof full;
    expect(Object.keys(rest).sort()).toEqual(["CrossframeError", "connectPort", "transfer"]);
    expect((await rejection(connect())).code).toBe("HUB_NOT_FOUND");
    const posted: unknown[] = [];
    page["opener"] = { postMessage: (_: unknown, target: string) => posted.push(target) };
    expect((await rejection(connect({ timeout: 5 }))).code).toBe("HANDSHAKE_TIMEOUT");
    expect(posted).toEqual([hubOrigin]);
  });
});
