/**
 * Collects what one call of the hub's program sends, so that each port gets one post with all of it.
 */
import type { Body } from "./records.js";

/** One frame under way to a port. */
export interface Frame {
  readonly fields: unknown[];
  /** Its binary bodies. */
  readonly buffers: ArrayBuffer[];
}

/** What a port must be able to do. */
export interface Sink {
  readonly port: MessagePort;
  readonly connectionId: string;
  /** What the call at hand sends to it. For {@link Outgoing} alone. */
  frame: Frame | undefined;
}

export class Outgoing {
  readonly #sinks: Sink[] = [];
  readonly #texts: [Sink, unknown][] = [];
  /** How many messages of this call share a binary body: a shared one cannot be transferred. */
  readonly #uses = new Map<ArrayBuffer, number>();

  send(to: Sink, op: number, id: number, ref: number, peer: number, name: string, head: string, body: Body): void {
    let { frame } = to;
    if (!frame) {
      frame = to.frame = { fields: [to.connectionId], buffers: [] };
      this.#sinks.push(to);
    }
    frame.fields.push(op, id, ref, peer, name, head, body);
    if (body instanceof ArrayBuffer) {
      this.#uses.set(body, (this.#uses.get(body) ?? 0) + 1);
      frame.buffers.push(body);
    }
  }

  /** Sends a message of a foreign dialect. */
  text(to: Sink, text: string): void {
    this.#texts.push([to, JSON.parse(text)]);
  }

  /** Posts everything. */
  flush(): void {
    for (const to of this.#sinks) {
      const { fields, buffers } = to.frame as Frame;
      if (buffers.length === 0) {
        to.port.postMessage(fields);
      } else {
        to.port.postMessage(
          fields,
          buffers.filter((body) => this.#uses.get(body) === 1),
        );
      }
    }
    for (const [to, message] of this.#texts) to.port.postMessage(message);
    this.drop();
  }

  /** Forgets everything: what a program that ended had begun to say counts for nothing. */
  drop(): void {
    for (const to of this.#sinks) to.frame = undefined;
    this.#sinks.length = 0;
    this.#texts.length = 0;
    if (this.#uses.size > 0) this.#uses.clear();
  }
}
