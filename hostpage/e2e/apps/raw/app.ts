/**
 * An app without a client library. It speaks the wire by hand, well or badly, as the tests tell it through
 * `window.raw`; and it keeps everything that it ever heard, for what it must not have heard.
 */
import * as wire from "@crossframe/protocol";
import type { Ack, Fault } from "@crossframe/protocol";

/** One message heard on a port. */
export interface Heard {
  readonly op: number;
  readonly id: number;
  readonly ref: number;
  readonly peer: number;
  readonly name: string;
  readonly head: string;
  readonly body: unknown;
}

/** What was posted to this window. */
export interface Posted {
  readonly origin: string;
  readonly data: unknown;
  readonly ports: number;
}

const patienceMs = 8_000;

/** One end of a channel whose other end went to the hub, perhaps. */
export class RawPort {
  readonly port: MessagePort;
  readonly heard: Heard[] = [];
  id = "";
  ack: Ack | undefined;
  refused: Fault | undefined;
  #last = 0;
  readonly #waiting = new Set<() => void>();

  constructor(port: MessagePort) {
    this.port = port;
    port.onmessage = ({ data }: MessageEvent<unknown[]>) => this.#hear(data);
  }

  /** Posts one message, tagged as it should be. */
  send(op: number, { id = 0, ref = 0, peer = 0, name = "", head = "", body = null }: Partial<Omit<Heard, "head">> & { head?: object | string } = {}): void {
    this.port.postMessage([this.id, op, id, ref, peer, name, typeof head === "string" ? head : JSON.stringify(head), body]);
  }

  /** Posts a request and waits for its answer. */
  ask(op: number, message: Parameters<RawPort["send"]>[1] = {}): Promise<Heard> {
    const id = ++this.#last;
    this.send(op, { ...message, id });
    return this.until((m) => m.id === id);
  }

  /** Posts a request and returns the code of its answer; "ok" where it is no error. */
  async code(op: number, message: Parameters<RawPort["send"]>[1] = {}): Promise<string> {
    const answer = await this.ask(op, message);
    return answer.op === wire.OpError ? (JSON.parse(answer.head) as Fault).code : "ok";
  }

  /** Waits until a message was heard. */
  until(wanted: (m: Heard) => boolean): Promise<Heard> {
    return this.#until(() => this.heard.find(wanted), "a message");
  }

  /** Waits until the hub ended the connection, and returns why. */
  ended(): Promise<Fault> {
    return this.#until(() => this.refused, "the end");
  }

  admitted(): Promise<Ack> {
    return this.#until(() => {
      if (this.refused) throw new Error(`refused: ${this.refused.code}`);
      return this.ack;
    }, "INIT_ACK");
  }

  prove(nonce: string): void {
    this.send(wire.OpProve, { name: nonce });
  }

  #until<T>(look: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patienceMs);
      const again = (): void => {
        try {
          const found = look();
          if (found === undefined) return;
          resolve(found);
        } catch (error) {
          reject(error as Error);
        }
        clearTimeout(timer);
        this.#waiting.delete(again);
      };
      this.#waiting.add(again);
      again();
    });
  }

  #hear(frame: unknown[]): void {
    for (let i = 1; i < frame.length; i += wire.FIELDS) {
      const [op, id, ref, peer, name, head, body] = frame.slice(i, i + wire.FIELDS) as [number, number, number, number, string, string, unknown];
      if (op === wire.OpAck) {
        this.ack = JSON.parse(head) as Ack;
        this.id = this.ack.connectionId;
      }
      if (op === wire.OpRefused) this.refused = JSON.parse(head) as Fault;
      this.heard.push({ op, id, ref, peer, name, head, body });
    }
    for (const look of Array.from(this.#waiting)) look();
  }
}

export class Raw {
  readonly hub = document.querySelector<HTMLMetaElement>('meta[name="crossframe-hub"]')?.content ?? "";
  /** A random id of this document: another one means that the page was loaded anew. */
  readonly boot = Math.random().toString(36).slice(2);
  readonly ports: RawPort[] = [];
  readonly inbox: Posted[] = [];
  /** Whether challenges are echoed on all ports that the hub admitted. */
  echoes = true;
  #nonce: string | undefined;

  constructor() {
    addEventListener("message", ({ data, origin, ports }: MessageEvent<{ crossframe?: unknown; nonce?: string } | null>) => {
      this.inbox.push({ origin, data, ports: ports.length });
      if (data?.crossframe === wire.MarkChallenge && data.nonce !== undefined) {
        this.#nonce = data.nonce;
        if (this.echoes) for (const port of this.ports) if (port.ack && !port.refused) port.prove(data.nonce);
      }
    });
  }

  /** The port of the last greeting. */
  get last(): RawPort {
    const port = this.ports.at(-1);
    if (!port) throw new Error("nobody was greeted");
    return port;
  }

  /** Greets, in whatever way, and returns the port kept. */
  greet(greeting: unknown = { crossframe: wire.MarkInitRequest, versions: [1] }, to: Window | null = top, extra: Transferable[] = []): RawPort {
    const { port1, port2 } = new MessageChannel();
    const port = new RawPort(port1);
    this.ports.push(port);
    to?.postMessage(greeting, this.hub, [port2, ...extra]);
    return port;
  }

  /** Greets and proves this document, as a client library does. Rejects with the code of a refusal. */
  async connect(app?: string): Promise<RawPort> {
    this.#nonce = undefined;
    const port = this.greet({ crossframe: wire.MarkInitRequest, versions: [1], ...(app === undefined ? {} : { app }) });
    const ack = await port.admitted();
    // The challenge may have come before the acknowledgement.
    if (this.#nonce !== undefined) port.prove(this.#nonce);
    while (ack.challenge && this.#nonce === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    return port;
  }
}

declare global {
  interface Window {
    raw: Raw;
    /** The protocol's operations and codes, by name. */
    wire: typeof wire;
  }
}

window.raw = new Raw();
window.wire = wire;
