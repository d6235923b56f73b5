/**
 * The real hub in Node: the supervisor with the compiled Go program, and ports that the test holds. Only IndexedDB and
 * the DOM are missing.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Definition, Limits, Policy } from "@crossframe/protocol";
import { OpPageGreet, OpProve } from "@crossframe/protocol";
import type { FromWorker, Start } from "../src/runtime/messages.js";
import { Supervisor } from "../src/runtime/supervisor.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Compiles the hub, and returns its address. */
export function buildHub(): string {
  const out = resolve(root, "build/test/hub.wasm");
  mkdirSync(dirname(out), { recursive: true });
  execFileSync("go", ["build", "-o", out, "./wasm"], {
    cwd: root,
    env: { ...process.env, GOOS: "js", GOARCH: "wasm" },
    stdio: "inherit",
  });
  if (!existsSync(out)) throw new Error("the hub was not built");
  return `data:application/wasm;base64,${readFileSync(out).toString("base64")}`;
}

export interface HubOptions {
  readonly wasm: string;
  readonly apps?: readonly Definition[];
  readonly policy?: Policy;
  readonly limits?: Limits;
  /** The main page's origin; if left out, one that needs no license. */
  readonly origin?: string;
  readonly license?: Start["license"];
  readonly serverMs?: number;
}

/** A hub that listens, and what it told the page. */
export class TestHub {
  readonly supervisor: Supervisor;
  readonly heard: FromWorker[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(options: HubOptions) {
    this.supervisor = new Supervisor(
      {
        kind: "start",
        boot: {
          origin: options.origin ?? "http://localhost:8080",
          hub: "test",
          apps: options.apps ?? [],
          policy: options.policy ?? {},
          limits: options.limits ?? {},
        },
        license: options.license ?? {},
        ...(options.serverMs === undefined ? {} : { serverMs: options.serverMs }),
        wasm: { url: options.wasm, integrity: "" },
        store: "",
        debug: true,
      },
      (message) => {
        this.heard.push(message);
        for (const wake of this.#waiting.splice(0)) wake();
      },
    );
  }

  /** What the hub asked of the page by an operation, as [ref, head]. */
  asked(op: number): [number, unknown][] {
    return this.heard.flatMap((m): [number, unknown][] =>
      m.kind === "page" && m.frame[1] === op ? [[m.frame[3] as number, JSON.parse((m.frame[6] as string) || "null")]] : [],
    );
  }

  /** Waits until a condition holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  /** Tells the hub something, as the page does. */
  tell(op: number, ref: number, head: unknown = undefined): void {
    this.supervisor.page({ kind: "page", frame: ["", op, 0, ref, 0, "", head === undefined ? "" : JSON.stringify(head), null] });
  }

  /** Brings a port to the door. */
  greet(frame: number, origin: string, main = false): TestPort {
    const { port1, port2 } = new MessageChannel();
    const text = JSON.stringify({ crossframe: "INIT_REQUEST", versions: [1] });
    this.supervisor.page({
      kind: "page",
      frame: ["", OpPageGreet, 0, frame, 0, origin, JSON.stringify({ main, ports: 1 }), text],
      port: port1,
    });
    return new TestPort(port2);
  }
}

/** One message as a client app sees it. */
export interface Got {
  readonly op: number;
  readonly id: number;
  readonly ref: number;
  readonly peer: number;
  readonly name: string;
  readonly head: Record<string, unknown>;
  readonly body: string | ArrayBuffer | null;
}

/** The client's end of a port, without a client library. */
export class TestPort {
  readonly port: MessagePort;
  readonly got: Got[] = [];
  connectionId = "";
  /** Frames posted by the hub. */
  posts = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(port: MessagePort) {
    this.port = port;
    port.onmessage = (event: MessageEvent<unknown[]>) => this.#take(event.data);
  }

  #take(frame: unknown[]): void {
    this.posts++;
    for (let i = 1; i < frame.length; i += 7) {
      const [op, id, ref, peer, name, head, body] = frame.slice(i, i + 7) as [number, number, number, number, string, string, string | ArrayBuffer | null];
      const got = { op, id, ref, peer, name, head: head === "" ? {} : (JSON.parse(head) as Record<string, unknown>), body };
      if (op === 1) this.connectionId = got.head["connectionId"] as string;
      this.got.push(got);
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Posts messages as one frame. */
  send(...messages: [op: number, id: number, ref?: number, peer?: number, name?: string, head?: unknown, body?: string | ArrayBuffer | null][]): void {
    const frame: unknown[] = [this.connectionId];
    for (const [op, id, ref = 0, peer = 0, name = "", head = undefined, body = null] of messages) {
      frame.push(op, id, ref, peer, name, head === undefined ? "" : JSON.stringify(head), body);
    }
    this.port.postMessage(frame);
  }

  /** Waits for a message and returns it. */
  async wait(match: (got: Got) => boolean): Promise<Got> {
    for (;;) {
      const found = this.got.find(match);
      if (found) return found;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  /** Echoes a nonce. */
  prove(nonce: string): void {
    this.send([OpProve, 0, 0, 0, nonce]);
  }

  close(): void {
    this.port.close();
  }
}
