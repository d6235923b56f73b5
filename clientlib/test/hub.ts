import { FIELDS, OpAck, OpError, OpPeer, OpRefused, OpReply, type Ack, type Fault, type PeerInfo } from "@crossframe/protocol";
import { readMessage, type Message } from "../src/messages.js";
import { connectWindow, type ConnectOptions } from "../src/connect.js";
import type { Environment } from "../src/environment.js";
import { fullHub, type Hub } from "../src/full.js";

/** Connects in a given environment. */
export function connectIn(environment: Environment, options?: ConnectOptions): Promise<Hub> {
  return connectWindow(fullHub, environment, options);
}

export const hubOrigin = "https://desk.example.com";

export const me: PeerInfo = { peer: 7, instance: "i7", app: "crm", origin: "https://crm.example.com" };
export const other: PeerInfo = { peer: 9, instance: "i9", app: "chart", origin: "https://chart.example.com" };

/** A greeting that the hub's window received. */
export interface Greeted {
  readonly greeting: Record<string, unknown>;
  readonly targetOrigin: string;
  readonly port: MessagePort;
}

/** The fields of a message that a scripted hub sends; the rest is empty. */
export interface Scripted {
  readonly op: number;
  readonly id?: number;
  readonly ref?: number;
  readonly peer?: number;
  readonly name?: string;
  readonly head?: object;
  readonly json?: unknown;
  readonly buffer?: ArrayBuffer;
}

/** Hands items on in order to whoever asks, whether it asks before or after they came. */
export class Mailbox<T> {
  readonly items: T[] = [];
  #wanted: (() => void) | undefined;

  put(item: T): void {
    this.items.push(item);
    this.#wanted?.();
  }

  async next(where: (item: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const at = this.items.findIndex(where);
      if (at >= 0) return this.items.splice(at, 1)[0] as T;
      await new Promise<void>((resolve) => (this.#wanted = resolve));
    }
  }
}

/** The hub's end of one connection. */
export class HubPort {
  readonly frames: unknown[][] = [];
  readonly messages = new Mailbox<Message>();
  readonly port: MessagePort;
  readonly connectionId: string;
  closed = false;

  constructor(port: MessagePort, connectionId: string) {
    this.port = port;
    this.connectionId = connectionId;
    port.onmessage = ({ data }: MessageEvent) => {
      this.frames.push(data);
      for (let at = 1; at < data.length; at += FIELDS) this.messages.put(readMessage(data, at));
    };
    port.addEventListener("close", () => (this.closed = true));
  }

  /** Sends messages as one frame. */
  send(...messages: Scripted[]): void {
    const frame: unknown[] = [this.connectionId];
    const buffers: ArrayBuffer[] = [];
    for (const { op, id = 0, ref = 0, peer = 0, name = "", head, json, buffer } of messages) {
      if (buffer) buffers.push(buffer);
      frame.push(op, id, ref, peer, name, head ? JSON.stringify(head) : "", buffer ?? (json === undefined ? null : JSON.stringify(json)));
    }
    this.port.postMessage(frame, buffers);
  }

  next(op: number): Promise<Message> {
    return this.messages.next((m) => m.op === op);
  }

  /** Waits for a request and answers it with "reply". */
  async reply(op: number, fields: Omit<Scripted, "op"> = {}): Promise<Message> {
    const request = await this.next(op);
    this.send({ op: OpReply, id: request.id, ...fields });
    return request;
  }

  /** Waits for a request and answers it with an error. */
  async fail(op: number, fault: Partial<Fault>): Promise<void> {
    const { id } = await this.next(op);
    this.send({ op: OpError, id, head: fault });
  }

  refuse(fault: Partial<Fault>): void {
    this.send({ op: OpRefused, head: fault });
  }
}

/** A scripted hub: it speaks real frames over real ports, and does only what a test tells it. */
export class ScriptedHub {
  readonly greetings = new Mailbox<Greeted>();
  readonly events = new EventTarget();
  readonly ports: HubPort[] = [];
  readonly window = {
    postMessage: (message: unknown, targetOrigin: string, transfer: Transferable[]) => {
      // Like a browser: a window of another origin never sees it.
      if (targetOrigin !== hubOrigin) return;
      this.greetings.put({ greeting: message as Record<string, unknown>, targetOrigin, port: transfer[0] as MessagePort });
    },
  };
  #connections = 0;

  environment(facts: Partial<Environment> = {}): Environment {
    return { hubWindow: this.window, hubOrigin, ownOrigin: "https://crm.example.com", events: this.events, loaded: () => false, ...facts };
  }

  /** Posts a window message to the app, by default as the hub's window would. */
  postToWindow(data: unknown, from: { source?: unknown; origin?: string } = {}): void {
    this.events.dispatchEvent(Object.assign(new Event("message"), { data, source: this.window, origin: hubOrigin, ...from }));
  }

  challenge(nonce: string): void {
    this.postToWindow({ crossframe: "CHALLENGE", nonce });
  }

  /** Acknowledges a greeting. */
  admit({ port }: { port: MessagePort }, ack: Partial<Ack> = {}, behind: Scripted[] = [], context?: unknown): HubPort {
    const hubPort = new HubPort(port, `c${++this.#connections}`);
    this.ports.push(hubPort);
    const head = { connectionId: hubPort.connectionId, version: 1, hub: "h1", me, limits: {}, ...ack };
    hubPort.send({ op: OpAck, head, json: context }, { op: OpPeer, peer: other.peer, head: other }, ...behind);
    return hubPort;
  }

  /** Admits the next greeting. */
  async admitNext(ack: Partial<Ack> = {}): Promise<HubPort> {
    return this.admit(await this.greetings.next(), ack);
  }
}

/** A connected app and the hub's end of its connection. */
export interface Connected {
  readonly hub: Hub;
  readonly port: HubPort;
  readonly scripted: ScriptedHub;
}

/** Connects an app without a challenge. */
export async function connected(options: ConnectOptions = {}, ack: Partial<Ack> = {}): Promise<Connected> {
  const scripted = new ScriptedHub();
  const connecting = connectIn(scripted.environment(), { hubOrigins: [hubOrigin], ...options });
  const port = await scripted.admitNext(ack);
  return { hub: await connecting, port, scripted };
}

/** Resolves when what was posted on ports before has been delivered. */
export async function delivered(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves with what a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<{ code: string; message: string; retryable: boolean }> {
  return promise.then(
    (value) => Promise.reject(new Error(`resolved with ${JSON.stringify(value)}`)),
    (error) => error,
  );
}
