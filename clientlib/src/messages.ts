import { MaxTimeoutMs } from "@crossframe/protocol";

/** A message as it arrived. What its fields mean is in the message table. */
export interface Message {
  readonly op: number;
  readonly id: number;
  readonly ref: number;
  readonly peer: number;
  readonly name: string;
  readonly head: string;
  readonly body: unknown;
}

/** A message to be sent. */
export interface Outgoing {
  readonly op: number;
  readonly id?: number;
  readonly ref?: number;
  readonly peer?: number;
  readonly name?: string;
  /** The payload struct of the operation; members that are undefined do not travel. */
  readonly head?: object | undefined;
  /** The app's own data. */
  readonly body?: unknown;
}

/** How to wait for an answer. */
export interface Waiting {
  /** When the hub has answered at the latest, in milliseconds; DefaultTimeoutMs by default. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether the hub is told when the signal aborts. */
  readonly cancels?: boolean;
  /** Takes what comes before the answer. */
  readonly more?: ((message: Message) => void) | undefined;
}

/** Reads the seven fields of the message that begins at a place of a frame. */
export function readMessage(frame: readonly unknown[], at: number): Message {
  return {
    op: frame[at],
    id: frame[at + 1],
    ref: frame[at + 2],
    peer: frame[at + 3],
    name: frame[at + 4],
    head: frame[at + 5],
    body: frame[at + 6],
  } as Message;
}

/** Reads the payload struct of a message. */
export function readHead<T>(message: Message): Partial<T> & T {
  return (message.head ? JSON.parse(message.head) : {}) as T;
}

/** Makes a duration one that travels: heads hold whole numbers only, and the hub ends everything after ten minutes. */
export function wholeMs(ms: number | undefined): number | undefined {
  return ms ? Math.min(Math.ceil(ms), MaxTimeoutMs) : undefined;
}
