import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Rig } from "./rig/platform.js";
import type { Desk } from "./rig/platform.js";

// Apps of another directory, in a page that stays open while that directory changes.

let rig: Rig;
let server: Server;
afterEach(async () => {
  await rig.close();
  server.close();
});

/** The list of the page's hub, without the canaries. The page reads its configuration again as after a loss of the network. */
function listed(desk: Desk): Promise<readonly string[]> {
  return desk.page.evaluate(async () => {
    window.dispatchEvent(new Event("online"));
    const apps = await window.crossframe!.hub.apps.list();
    return apps.map((a) => a.title ?? a.name).filter((name) => !name.startsWith("canary"));
  });
}

test("apps of another directory come, change and go under an open page, and those that run go on", async () => {
  let records: object[] = [];
  server = createServer((_, answer) => answer.setHeader("Content-Type", "application/json").end(JSON.stringify({ applications: records, message: "OK" })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  rig = await Rig.start({
    hosts: { raw: "raw" },
    apps: () => ["raw"],
    directory: { upstreams: [{ name: "group", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/apps`, refreshMs: 500 }] },
  });
  const desk = await rig.open();
  const record = (appId: string, title: string): object => ({ appId, name: appId, title, type: "web", details: { url: `${rig.origin("raw")}/` } });
  const shows = (...names: string[]) => expect.poll(() => listed(desk), { timeout: 60_000, interval: 500 }).toEqual(names);
  await shows("raw");

  records = [record("later", "Later"), { appId: "broken", details: {} }];
  await shows("raw", "Later");
  const { frame } = await desk.connected("later");

  records = [record("later", "Later, renamed"), record("other", "Other")];
  await shows("raw", "Later, renamed", "Other");
  records = [record("other", "Other")];
  await shows("raw", "Other");
  expect(await frame.evaluate(() => window.raw.last.code(window.wire.OpContextList))).toBe("ok");
  await desk.sing();
  expect(rig.serverOutput).toMatch(/app definition refused.*broken/);
});
