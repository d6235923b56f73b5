import {
  DefaultTimeoutMs,
  FIELDS,
  MaxHeadBytes,
  MaxNameRunes,
  MaxTuplesPerFrame,
  OpBye,
  OpCancel,
  OpContextValue,
  OpEnd,
  OpError,
  OpGone,
  OpPart,
  OpPeer,
  OpProgress,
  OpProve,
  OpRefused,
  OpReply,
  OpResult,
  type Ack,
  type Body,
  type Fault,
  type PeerInfo,
} from "@crossframe/protocol";
import { checkSize, encodeBody } from "./body.js";
import { CrossframeError, fromFault, report } from "./errors.js";
import { readHead, readMessage, type Message, type Outgoing, type Room, type Waiting } from "./messages.js";
import { Pacer } from "./pacing.js";

/** The hub ends a request by its own clock. Here it only must not wait for ever, so a coarse clock will do. */
const tickMs = 5_000;

interface Pending {
  readonly resolve: (message: Message) => void;
  readonly reject: (error: unknown) => void;
  readonly more: Waiting["more"];
  readonly off: (() => void) | undefined;
  /** The tick at which it is given up. */
  readonly due: number;
}

type Fields = readonly [op: number, id: number, ref: number, peer: number, name: string, head: string, body: Body];

interface Waiter {
  readonly fields: Fields;
  readonly live: Outgoing["live"];
}

/**
 * The wire: makes frames of messages and messages of frames, matches answers to requests and paces what is sent.
 * It outlives its port: after a loss it is given another one, and request ids go on rising, so that an answer of
 * the old port can never be taken for one of the new.
 */
export class Connection {
  /** Everyone whom the hub has introduced, this app among them. */
  readonly peers = new Map<number, PeerInfo>();
  readonly rooms: Room[] = [];
  /** Called when the hub ends the connection. */
  refused: (error: CrossframeError) => void = () => {};
  /** Messages that were dropped because they are not of the protocol's form, or belong to nothing. */
  ignored = 0;

  readonly #handlers = new Map<number, (message: Message) => void>();
  readonly #pending = new Map<number, Pending>();
  readonly #pacer = new Pacer<Waiter>(({ fields, live }) => {
    if (!live || live.has(fields[1])) this.#push(fields);
  });
  #port: MessagePort | undefined;
  #ack: Ack | undefined;
  #ready = false;
  #lastId = 0;
  #frame: unknown[] = [];
  #buffers: ArrayBuffer[] = [];
  #flushing = false;
  #ticks = 0;
  #ticker: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const answer = (m: Message) => this.#settle(m.id)?.resolve(m);
    const more = (m: Message) => this.#pending.get(m.id)?.more?.(m);
    for (const op of [OpReply, OpResult, OpEnd, OpContextValue]) this.on(op, answer);
    for (const op of [OpProgress, OpPart]) this.on(op, more);
    this.on(OpError, (m) => this.#settle(m.id)?.reject(fromFault(readHead<Fault>(m))));
    this.on(OpPeer, (m) => this.peers.set(m.peer, readHead<PeerInfo>(m)));
    this.on(OpGone, (m) => this.peers.delete(m.peer));
    this.on(OpRefused, (m) => this.refused(fromFault(readHead<Fault>(m))));
  }

  /** The latest acknowledgement. */
  get ack(): Ack {
    return this.#ack as Ack;
  }

  /** Whether there is a port. */
  get attached(): boolean {
    return this.#port !== undefined;
  }

  /** How many requests wait for their answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Sets who takes the messages of an operation. */
  on(op: number, handler: (message: Message) => void): void {
    this.#handlers.set(op, handler);
  }

  /** Takes a port that the hub has acknowledged. Where it wants proof, requests are refused until prove. */
  attach(port: MessagePort, ack: Ack): void {
    this.#port = port;
    this.#ack = ack;
    this.#frame = [ack.connectionId];
    this.#ready = !ack.challenge;
    this.#pacer.limit(ack.limits.messagesPerSecond ?? 0, ack.limits.burst ?? 0);
    this.peers.set(ack.me.peer, ack.me);
    port.onmessage = (event: MessageEvent) => this.receive(event.data);
  }

  /** Echoes a nonce of the hub. From then on requests may follow. */
  prove(nonce: string): void {
    this.send({ op: OpProve, name: nonce }, true);
    this.#ready = true;
  }

  /** Gives the port up. Whatever waits for an answer is rejected with the error. */
  detach(error: CrossframeError, bye: boolean): void {
    const port = this.#port;
    if (!port) return;
    if (bye) {
      // Not in a microtask: the document may be on its way out.
      this.send({ op: OpBye }, true);
      this.#flush();
    }
    this.#port = undefined;
    this.#ready = false;
    port.onmessage = null;
    port.close();
    this.#pacer.clear();
    this.#frame = [];
    this.#buffers = [];
    clearTimeout(this.#ticker);
    this.#ticker = undefined;
    this.peers.clear();
    for (const id of this.#pending.keys()) this.#settle(id)?.reject(error);
    for (const room of this.rooms) room.lost?.();
  }

  /** Whom a number names. The hub introduces everyone before it names them. */
  peer(id: number): PeerInfo {
    return this.peers.get(id) ?? { peer: id, instance: "", app: "", origin: "" };
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /**
   * Sends a request and resolves with what read makes of its answer. read runs before anything that stands
   * behind the answer in its frame is looked at.
   */
  request<T>(out: Outgoing, read: (message: Message) => T, wait: Waiting = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.#ready) throw new CrossframeError("DISCONNECTED", "not connected");
      const { signal } = wait;
      if (signal?.aborted) throw cancelled();
      const id = out.id ?? this.nextId();
      const fields = this.#encode(out, id);
      const due = this.#ticks + 1 + Math.ceil((wait.timeout ?? DefaultTimeoutMs) / tickMs);
      const answer = (message: Message) => {
        try {
          resolve(read(message));
        } catch (error) {
          reject(new CrossframeError("INTERNAL", `unreadable answer: ${String(error)}`));
        }
      };
      const off = signal && this.#abortable(id, signal, wait.cancels);
      this.#pending.set(id, { resolve: answer, reject, more: wait.more, off, due });
      this.#ticker ??= setTimeout(this.#tick, tickMs);
      if (!this.#pacer.offer({ fields, live: this.#pending })) {
        this.#settle(id)?.reject(
          new CrossframeError("QUOTA_EXCEEDED", "this app sends faster than its limits allow"),
        );
      }
    });
  }

  /**
   * Sends a message that has no answer. What is free is not counted by the limits, such as answers; of the rest,
   * which only informs, a message is dropped where too much waits already.
   */
  send(out: Outgoing, free: boolean): void {
    if (!this.#port) return;
    const fields = this.#encode(out, out.id ?? 0);
    if (free) this.#push(fields);
    else this.#pacer.offer({ fields, live: out.live });
  }

  /** Takes a frame. Whatever is not of the protocol's form is counted and dropped. */
  receive(data: unknown, from = 1): void {
    const port = this.#port;
    if (!Array.isArray(data) || data.length % FIELDS !== 1 || data[0] !== this.ack.connectionId) {
      this.ignored++;
      return;
    }
    for (let at = from; at < data.length && this.#port === port; at += FIELDS) {
      this.#dispatch(readMessage(data, at));
    }
  }

  #dispatch(message: Message): void {
    const handler = this.#handlers.get(message.op);
    if (!handler) {
      this.ignored++;
      return;
    }
    try {
      handler(message);
    } catch (error) {
      report(error);
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) {
      this.#pending.delete(id);
      pending.off?.();
    }
    return pending;
  }

  #abortable(id: number, signal: AbortSignal, tellHub: boolean | undefined): () => void {
    const abort = () => {
      this.#settle(id)?.reject(cancelled());
      if (tellHub) this.send({ op: OpCancel, id }, false);
    };
    signal.addEventListener("abort", abort);
    return () => signal.removeEventListener("abort", abort);
  }

  #encode(out: Outgoing, id: number): Fields {
    const { op, ref = 0, peer = 0, name = "" } = out;
    if (typeof name !== "string" || name.length > MaxNameRunes) {
      throw new CrossframeError("INVALID_NAME", `want a name of at most ${MaxNameRunes} characters`);
    }
    const text = out.head ? JSON.stringify(out.head) : "";
    checkSize(text, MaxHeadBytes);
    const head = text === "{}" ? "" : text;
    return [op, id, ref, peer, name, head, encodeBody(out.body, this.ack.limits.bodyBytes || Infinity)];
  }

  /** Adds a message to the frame of this task. The frame leaves in a microtask, so a lone message never waits. */
  #push(fields: Fields): void {
    this.#frame.push(...fields);
    if (fields[6] instanceof ArrayBuffer) this.#buffers.push(fields[6]);
    if (this.#frame.length > MaxTuplesPerFrame * FIELDS) this.#flush();
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flush);
  }

  #flush = (): void => {
    this.#flushing = false;
    if (this.#frame.length < FIELDS) return;
    const frame = this.#frame;
    const buffers = this.#buffers;
    this.#frame = [frame[0]];
    this.#buffers = [];
    this.#port?.postMessage(frame, buffers);
  };

  /** Counts time in ticks and not by the clock: a page that was frozen must first get to read its answers. */
  #tick = (): void => {
    this.#ticks++;
    for (const [id, { due }] of this.#pending) {
      if (due <= this.#ticks) this.#settle(id)?.reject(new CrossframeError("TIMEOUT", "the hub did not answer"));
    }
    this.#ticker = this.#pending.size > 0 ? setTimeout(this.#tick, tickMs) : undefined;
  };
}

function cancelled(): CrossframeError {
  return new CrossframeError("CANCELLED", "cancelled");
}
