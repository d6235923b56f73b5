import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  OpAck,
  OpAppDefine,
  OpAppStart,
  OpCall,
  OpContextUpdate,
  OpError,
  OpInvoke,
  OpPageChallenge,
  OpPageClose,
  OpPageLoaded,
  OpPageOpen,
  OpPageRemoved,
  OpRefused,
  OpRegister,
  OpReply,
  OpResult,
} from "@crossframe/protocol";
import { buildHub, TestHub, type Got, type TestPort } from "../hub.js";
import { makeFrame } from "./grammar.js";
import { Chance } from "./random.js";

// Apps that post whatever they like, through the guard, into the real program. It must never end, no turn of it may
// panic, nothing may be thrown in the Worker, and two apps that behave go on calling each other all the while.
//
// FUZZTIME (such as 60s) is how long it goes on, with a seed of its own each time; FUZZSEED plays one again. Without
// them the test plays a few rounds that are the same every time.

const time = process.env["FUZZTIME"];
const seed = Number(process.env["FUZZSEED"] ?? (time === undefined ? 1 : Date.now() % 2 ** 31));
const timeMs = parseTime(time);
const rounds = time === undefined ? 60 : Infinity;
const framesPerRound = 200;

function parseTime(text = "0s"): number {
  const [, number, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`FUZZTIME: want such as 60s, not ${text}`);
  return Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as "ms" | "s" | "m" | "h"];
}

const thrown: unknown[] = [];
const notice = (error: unknown): void => void thrown.push(error);
let wasm: string;
beforeAll(() => {
  wasm = buildHub();
  process.on("uncaughtException", notice);
  process.on("unhandledRejection", notice);
}, 120_000);
afterAll(() => {
  process.off("uncaughtException", notice);
  process.off("unhandledRejection", notice);
});

const admin = { offer: ["*"], invoke: ["*"], readContexts: ["*"], writeContexts: ["*"], start: ["*"], admin: true };
const canary = { offer: ["canary.*"], invoke: ["canary.*"], readContexts: ["canary.*"], writeContexts: ["canary.*"] };
const fuzzable = [
  { name: "fuzzed", url: "http://fuzzed.test/" },
  { name: "ops", url: "http://ops.test/", grants: admin },
];
const apps = [
  ...fuzzable,
  { name: "canary-a", url: "http://canary-a.test/", grants: canary },
  { name: "canary-b", url: "http://canary-b.test/", grants: canary },
];
const limits = { messagesPerSecond: 1 << 20, burst: 1 << 20 };

/** An app that is connected; its frame is told apart by its number. */
interface App {
  readonly frame: number;
  readonly port: TestPort;
}

class World {
  readonly hub = new TestHub({ wasm, apps, limits });
  main!: TestPort;
  #id = 1_000;
  /** Messages of the hub to the page that have been looked at. */
  #seen = 0;

  async start(): Promise<void> {
    await this.hub.supervisor.run();
    this.main = this.hub.greet(0, "http://localhost:8080", true);
    await this.main.wait((m) => m.op === OpAck);
  }

  nextId(): number {
    return this.#id++;
  }

  /** Starts an app and greets for its document, which proves itself or does not. */
  async open(app: string, proves: boolean): Promise<App> {
    const before = this.hub.asked(OpPageOpen).length;
    // One that administers may have removed it, or made another of it.
    this.main.send([OpAppDefine, this.nextId(), 0, 0, "", { apps: fuzzable }]);
    this.main.send([OpAppStart, this.nextId(), 0, 0, app, { waitFor: "created" }]);
    const mine = (): number | undefined =>
      this.hub.asked(OpPageOpen).slice(before).find(([, spec]) => (spec as { app: string }).app === app)?.[0];
    await this.hub.until(() => mine() !== undefined);
    const frame = mine() as number;
    const port = this.hub.greet(frame, `http://${app}.test`);
    await port.wait((m) => m.op === OpAck || m.op === OpRefused);
    const asked = (): { nonce: string } | undefined => this.hub.asked(OpPageChallenge).findLast(([ref]) => ref === frame)?.[1] as { nonce: string } | undefined;
    if (proves && port.connectionId !== "") {
      await this.hub.until(() => asked() !== undefined);
      port.prove((asked() as { nonce: string }).nonce);
    }
    return { frame, port };
  }

  /** Does what a page does when the hub asks it to: closes frames. */
  obey(): void {
    for (const message of this.hub.heard.slice(this.#seen)) {
      if (message.kind === "page" && message.frame[1] === OpPageClose) this.hub.tell(OpPageRemoved, message.frame[3] as number);
    }
    this.#seen = this.hub.heard.length;
  }

  /** Forgets what is of no use any more, so that hours fit into memory. */
  forget(): void {
    if (this.hub.heard.length < 500) return;
    this.obey();
    this.hub.heard.splice(0, this.hub.heard.length - 100);
    this.#seen = this.hub.heard.length;
    this.main.got.length = 0;
  }
}

/** A hub that is sound answers this, however it was treated: a call goes there and back, a write is counted. */
async function sing(world: World, a: App, b: App, writes: number): Promise<void> {
  const call = world.nextId();
  a.port.send([OpInvoke, call, 0, 0, "canary.m", undefined, `{"n":${call}}`]);
  const asked = await b.port.wait((m) => m.op === OpCall && m.body === `{"n":${call}}`);
  b.port.send([OpResult, asked.id, 0, 0, "", undefined, `"${call}"`]);
  expect((await a.port.wait((m) => m.id === call)).body).toBe(`"${call}"`);
  const write = world.nextId();
  b.port.send([OpContextUpdate, write, 0, 0, "canary.count", undefined, `{"n":${writes}}`]);
  expect(await b.port.wait((m) => m.id === write)).toMatchObject({ op: OpReply, ref: writes });
  a.port.got.length = b.port.got.length = 0;
}

const over = (port: TestPort): boolean => port.got.some((m) => m.op === OpRefused);
const panicked = (m: Got): boolean => m.op === OpError && m.head["code"] === "INTERNAL";

test(
  `whatever apps post, the hub goes on (seed ${seed})`,
  async () => {
    const chance = new Chance(seed);
    const world = new World();
    await world.start();
    const [a, b] = [await world.open("canary-a", true), await world.open("canary-b", true)];
    b.port.send([OpRegister, world.nextId(), 0, 0, "canary.m"]);
    await b.port.wait((m) => m.op === OpReply);
    await sing(world, a, b, 1);
    const until = Date.now() + timeMs;
    const fuzzed: App[] = [];
    let posted: unknown[] = [];
    /** Compares, and keeps the round's frames where that fails. */
    const check = (what: string, found: readonly unknown[]): void => {
      if (found.length > 0) expect(found, `${what}; FUZZSEED=${seed}, the frames of the round are in ${keep(posted)}`).toEqual([]);
    };
    for (let round = 1; round <= rounds && (timeMs === 0 || Date.now() < until); round++) {
      while (fuzzed.length < 4) fuzzed.push(await world.open(chance.of(["fuzzed", "fuzzed", "ops"]), !chance.onceIn(8)));
      posted = [];
      for (let i = 0; i < framesPerRound; i++) {
        const { frame, port } = chance.of(fuzzed);
        const data = makeFrame(chance, port.connectionId);
        posted.push(data);
        if (chance.onceIn(50)) port.port.postMessage(data, [new MessageChannel().port2]);
        else port.port.postMessage(data);
        if (chance.onceIn(200)) world.hub.tell(OpPageLoaded, frame);
      }
      await sing(world, a, b, round + 1);
      world.obey();
      for (const app of fuzzed.splice(0)) {
        check("a turn of the program panicked", app.port.got.filter(panicked));
        app.port.got.splice(0, app.port.got.length, ...app.port.got.filter((m) => m.op === OpRefused));
        if (!over(app.port) && !chance.onceIn(6)) {
          fuzzed.push(app);
          continue;
        }
        world.hub.tell(OpPageRemoved, app.frame);
        app.port.close();
      }
      check("the program ended", world.hub.heard.filter((m) => m.kind === "status" && m.state !== "running" && m.state !== "starting"));
      check("something was thrown", thrown);
      world.forget();
    }
    for (const { port } of [a, b, ...fuzzed]) port.close();
    world.main.close();
  },
  timeMs + 120_000,
);

/** Writes frames down, for a person who wants to look at them, and returns where. */
function keep(frames: readonly unknown[]): string {
  const lines = frames.map((frame) => JSON.stringify(frame, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)));
  const file = resolve(import.meta.dirname, "../../../build/test", `fuzz.${seed}.txt`);
  writeFileSync(file, lines.join("\n"));
  return file;
}
