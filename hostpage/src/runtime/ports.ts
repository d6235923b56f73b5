/**
 * The Worker's ports, and what is known of each: its guard, its form, and the requests that wait for an answer.
 */
import { isAnswer, isCharged, isRequest } from "./operations.js";
import { Guard } from "./guard.js";
import type { Frame, Sink } from "./outgoing.js";
import { defaultLimits, OpError, OpRefused, type Code, type Limits } from "@crossframe/protocol";

/** Forms of a port; the same numbers as dialect.Form in Go. */
export const FORM_TUPLES = 1;
export const FORM_TEXTS = 2;

export class HubPort implements Sink {
  readonly number: number;
  readonly port: MessagePort;
  readonly guard: Guard;
  form = FORM_TUPLES;
  /** Frames that wait for the program to run again. */
  waiting = 0;
  frame: Frame | undefined;
  /** Requests that have not been answered; they are, if the program ends under them. */
  readonly open = new Set<number>();

  constructor(number: number, port: MessagePort, now: number) {
    this.number = number;
    this.port = port;
    this.guard = new Guard(defaultLimits, now);
  }

  get connectionId(): string {
    return this.guard.connectionId;
  }

  admit(connectionId: string, form: number, limits: Required<Limits>): void {
    this.form = form;
    this.guard.admit(connectionId, limits);
  }

  /** Notes an incoming message; false where the rate forbids it. */
  enter(op: number, id: number): boolean {
    if (isCharged(op) && !this.guard.take()) return false;
    if (isRequest(op)) this.open.add(id);
    return true;
  }

  /** Notes an outgoing message. */
  leave(op: number, id: number): void {
    if (isAnswer(op)) this.open.delete(id);
  }

  /** Answers requests from here, without the program. */
  fail(ids: Iterable<number>, code: Code, message: string, retryable: boolean): void {
    const head = JSON.stringify({ code, message, retryable });
    const frame: unknown[] = [this.connectionId];
    for (const id of ids) frame.push(OpError, id, 0, 0, "", head, null);
    if (frame.length > 1) this.port.postMessage(frame);
  }

  /** Ends the connection from here, without the program. */
  refuse(code: Code, message: string, retryable: boolean): void {
    this.port.postMessage([this.connectionId, OpRefused, 0, 0, 0, "", JSON.stringify({ code, message, retryable }), null]);
    this.close();
  }

  close(): void {
    this.port.onmessage = null;
    this.port.close();
  }
}
