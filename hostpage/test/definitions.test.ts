import { connectPort, type Hub } from "@crossframe/client";
import { OpPageGreet, type Definition } from "@crossframe/protocol";
import { afterEach, beforeAll, expect, test } from "vitest";

import { Definitions } from "../src/runtime/definitions.js";
import { buildHub, TestHub } from "./hub.js";

let wasm = "";
beforeAll(() => {
  wasm = buildHub();
}, 120_000);

const app = (name: string, title = ""): Definition => ({ name, url: `https://${name}.example`, ...(title === "" ? {} : { title }) });

let hub: Hub | undefined;
afterEach(() => hub?.close());

/** A hub with the apps, and the main page's own connection to it. */
async function start(apps: readonly Definition[]): Promise<Hub> {
  const real = new TestHub({ wasm, apps });
  await real.supervisor.run();
  hub = await connectPort(() => {
    const { port1, port2 } = new MessageChannel();
    const text = JSON.stringify({ crossframe: "INIT_REQUEST", versions: [1], app: "main", library: "test" });
    real.supervisor.page({ kind: "page", frame: ["", OpPageGreet, 0, 0, 0, "http://localhost:8080", JSON.stringify({ main: true, ports: 1 }), text], port: port1 });
    return port2;
  });
  return hub;
}

const listed = async (of: Hub): Promise<string[]> => (await of.apps.list()).map((a) => (a.title ? `${a.name}=${a.title}` : a.name)).sort();

test("what comes, changes and goes at the server does so in the hub, and what apps defined stays", async () => {
  const page = await start([app("a"), app("b")]);
  const definitions = new Definitions(page.apps, [app("a"), app("b")]);
  await page.apps.define([app("own")]);
  await definitions.follow([app("a", "new"), app("c")]);
  expect(await listed(page)).toEqual(["a=new", "c", "own"]);
  await definitions.follow([app("c")]);
  expect(await listed(page)).toEqual(["c", "own"]);
});

test("what is the same is not told again, also not in another order", async () => {
  const page = await start([app("a"), app("b")]);
  const told: string[] = [];
  const apps = {
    define: (list: readonly Definition[]) => (told.push(...list.map((a) => a.name)), page.apps.define(list)),
    remove: (name: string) => (told.push(`-${name}`), page.apps.remove(name)),
  };
  const definitions = new Definitions(apps, [app("a"), app("b")]);
  await Promise.all([definitions.follow([app("b"), app("a")]), definitions.follow([app("b"), app("c")]), definitions.follow([app("c"), app("b")])]);
  expect(told).toEqual(["c", "-a"]);
});

test("what the hub did not take is brought again", async () => {
  const page = await start([app("a")]);
  const definitions = new Definitions(page.apps, [app("a")]);
  const bad = { name: "bad", url: "nonsense" };
  await expect(definitions.follow([bad, app("b")])).rejects.toMatchObject({ code: "INVALID_APP_DEFINITION" });
  expect(await listed(page)).toEqual(["a"]);
  await definitions.follow([app("b")]);
  expect(await listed(page)).toEqual(["b"]);

  let down = true;
  const flaky = new Definitions({ define: (list) => page.apps.define(list), remove: (name) => (down ? Promise.reject(new Error("down")) : page.apps.remove(name)) }, [app("b")]);
  await expect(flaky.follow([])).rejects.toThrow("down");
  down = false;
  await flaky.follow([]);
  expect(await listed(page)).toEqual([]);
});
