import { afterEach, describe, expect, test, vi } from "vitest";
import * as core from "../src/core.js";
import { connectWindow } from "../src/connect.js";
import { createCoreHub } from "../src/hub.js";
import * as full from "../src/index.js";
import { hubOrigin, rejection, ScriptedHub } from "./hub.js";

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

describe("the entries", () => {
  test("offer the same, but that core does not connect over a port", () => {
    expect(Object.keys(full).sort()).toEqual(["CrossframeError", "connect", "connectPort", "transfer"]);
    expect(Object.keys(core).sort()).toEqual(["CrossframeError", "connect", "transfer"]);
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
    const connecting = connectWindow(createCoreHub, scripted.environment(), { hubOrigins: [hubOrigin] });
    await scripted.admitNext();
    const hub = await connecting;
    expect(Object.keys(hub).sort()).toEqual(["close", "contexts", "interop", "me", "on", "reconnect"]);
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
