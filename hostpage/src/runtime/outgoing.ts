/**
 * Collects what one call of the hub's program sends, so that each port gets one post with all of it.
 */
import type { Body } from "./records.js";

/** One frame under way to a port. */
class Frame {
  readonly fields: unknown[];
  readonly transfer: ArrayBuffer[] = [];

  constructor(connectionId: string) {
    this.fields = [connectionId];
  }
}

/** What a port must be able to do. */
export interface Sink {
  readonly port: MessagePort;
  readonly connectionId: string;
}

export class Outgoing {
  readonly #frames = new Map<Sink, Frame>();
  readonly #texts: [Sink, unknown][] = [];
  /** How many messages of this call share a binary body: a shared one cannot be transferred. */
  readonly #uses = new Map<ArrayBuffer, number>();

  send(to: Sink, op: number, id: number, ref: number, peer: number, name: string, head: string, body: Body): void {
    let frame = this.#frames.get(to);
    if (!frame) {
      frame = new Frame(to.connectionId);
      this.#frames.set(to, frame);
    }
    frame.fields.push(op, id, ref, peer, name, head, body);
    if (body instanceof ArrayBuffer) {
      const uses = (this.#uses.get(body) ?? 0) + 1;
      this.#uses.set(body, uses);
      frame.transfer.push(body);
    }
  }

  /** Sends a message of a foreign dialect. */
  text(to: Sink, text: string): void {
    this.#texts.push([to, JSON.parse(text)]);
  }

  /** Posts everything. */
  flush(): void {
    for (const [to, frame] of this.#frames) {
      const own = frame.transfer.filter((body) => this.#uses.get(body) === 1);
      to.port.postMessage(frame.fields, own);
    }
    for (const [to, message] of this.#texts) {
      to.port.postMessage(message);
    }
    this.drop();
  }

  /** Forgets everything: what a program that ended had begun to say counts for nothing. */
  drop(): void {
    this.#frames.clear();
    this.#texts.length = 0;
    this.#uses.clear();
  }
}
