import {
  decodeStream,
  encodeClosed,
  encodeStream,
  FIELDS,
  OpAck,
  OpHello,
  OpRefused,
  type Ack,
  type Fault,
  type Hello,
} from "@crossframe/protocol";
import type { Entrance } from "./entrance.js";
import { CrossframeError, fromFault } from "./errors.js";
import type { Acknowledged } from "./handshake.js";
import { readHead, readMessage } from "./messages.js";

/** What this library needs of a WebSocket: that of a browser or of Node, or of the package "ws". */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  // Listeners take what the class's own events have; never is what all of them can take.
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

/** A class whose objects are made of an address. Its parameter is typed such that overloaded constructors fit, too. */
export type SocketClass = new (url: never) => Socket;

/** A broker's contexts have at most so many bytes, and its lists are longer than those of a hub. */
const partBytes = 8 << 20;
/** The time between two heartbeats, which the broker answers, and after how many without an answer the line is dead. */
const heartbeatMs = 4_500;
const silentBeats = 2;

/** The ends of a connection after which there is no use in trying again with the same token. */
const refusals: Readonly<Record<number, Fault["code"]>> = { 4401: "SESSION_EXPIRED", 4403: "ORIGIN_BLOCKED", 4409: "SUPERSEDED" };

/** The entrance of a program: a WebSocket to a broker, on which the first message says who connects. */
export function socketEntrance(url: string, hello: () => Promise<Hello>, WebSocket: SocketClass): Entrance {
  return {
    patient: true,
    open() {
      const socket = new WebSocket(url as never);
      socket.binaryType = "arraybuffer";
      const line = new Line(socket);
      return { answer: line.greet(hello), stop: () => line.close() };
    },
  };
}

/** How long the parts of a piece may be together, in characters and bytes; a message that is longer goes alone. */
const pieceLength = 64 << 10;

/** Cuts a frame between its messages. */
function* pieces(frame: readonly unknown[]): Generator<readonly unknown[]> {
  let from = 1;
  let length = 0;
  for (let at = 1; at < frame.length; at += FIELDS) {
    const [name, head, body] = frame.slice(at + 4, at + FIELDS) as [string, string, string | ArrayBuffer | null];
    const more = name.length + head.length + (typeof body === "string" ? body.length : (body?.byteLength ?? 0));
    if (at > from && length + more > pieceLength) {
      yield [frame[0], ...frame.slice(from, at)];
      [from, length] = [at, 0];
    }
    length += more;
  }
  yield from === 1 ? frame : [frame[0], ...frame.slice(from)];
}

/**
 * One WebSocket, which looks like the MessagePort that the rest of the library knows: what is posted is a frame, and
 * what arrives is one. Its end arrives as a refusal.
 */
class Line implements Pick<MessagePort, "postMessage" | "close" | "onmessage"> {
  onmessage: MessagePort["onmessage"] = null;
  readonly #socket: Socket;
  readonly #opened: Promise<void>;
  #id = "";
  #beats = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#opened = new Promise((resolve) => (socket.onopen = () => resolve()));
    socket.onmessage = ({ data }: { readonly data: unknown }) => this.#receive(data);
    socket.onclose = ({ code }: { readonly code: number }) => this.#end(code, "the connection to the broker ended");
    socket.onerror = () => this.#end(1006, "the broker cannot be reached");
  }

  /** Says hello, and resolves when the broker has acknowledged it. */
  greet(hello: () => Promise<Hello>): Promise<Acknowledged> {
    return new Promise((resolve, reject) => {
      this.onmessage = ({ data: frame }: { data: readonly unknown[] }) => {
        const message = readMessage(frame, 1);
        if (message.op === OpRefused) {
          this.close();
          reject(fromFault(readHead<Fault>(message)));
        } else if (message.op === OpAck) {
          const ack = readHead<Ack>(message);
          this.#id = ack.connectionId;
          resolve({ port: this as unknown as MessagePort, ack, context: undefined, frame });
        }
      };
      Promise.all([hello(), this.#opened]).then(([head]) => {
        this.postMessage(["", OpHello, 1, 0, 0, "", JSON.stringify(head), null]);
        this.#timer = setInterval(() => this.#beat(), heartbeatMs);
        (this.#timer as { unref?(): void }).unref?.();
      }, (error: unknown) => {
        this.close();
        reject(new CrossframeError("UNAUTHENTICATED", `there is no token: ${error}`));
      });
    });
  }

  /** Sends a frame, in pieces where it is long: the broker takes a mebibyte at once. */
  postMessage(frame: unknown): void {
    if (this.#closed) return;
    for (const piece of pieces(frame as readonly unknown[])) this.#socket.send(encodeStream(piece));
  }

  close(): void {
    this.#finish(1000, "");
  }

  #receive(data: unknown): void {
    if (this.#closed) return;
    this.#beats = 0;
    try {
      const read = decodeStream(new Uint8Array(data as ArrayBuffer), partBytes);
      if (read.kind === "closed") this.#end(read.code, read.reason);
      else if (read.frame.length > FIELDS) this.onmessage?.call(this as unknown as MessagePort, { data: read.frame } as MessageEvent);
    } catch {
      this.#end(1007, "what the broker sent cannot be read");
    }
  }

  #beat(): void {
    if (++this.#beats > silentBeats) this.#end(1006, "the broker is silent");
    else this.postMessage([this.#id]);
  }

  /** Tells whoever listens that the line has ended. */
  #end(code: number, reason: string): void {
    if (this.#closed) return;
    this.#finish(code === 1006 ? 1000 : code, "");
    const fault: Fault = { code: refusals[code] ?? "HUB_NOT_READY", message: reason || `the broker closed the connection (${code})`, retryable: true };
    const frame = [this.#id, OpRefused, 0, 0, 0, "", JSON.stringify(fault), null];
    this.onmessage?.call(this as unknown as MessagePort, { data: frame } as MessageEvent);
  }

  #finish(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    // Browsers let a program close with few codes, and with none while the socket still connects.
    try {
      this.#socket.send(encodeClosed(code, reason));
    } catch {
      // It never opened.
    }
    this.#socket.close(1000);
  }
}
