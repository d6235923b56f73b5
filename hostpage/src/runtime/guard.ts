/**
 * The guard of one port: lets through what has the form of a frame, carries the right tag and keeps to the limits,
 * before the hub's program runs. It reads no meaning: only shapes, sizes and rates.
 */
import type { Limits } from "@crossframe/protocol";

/** Malformed frames within {@link BAD_WINDOW_MS} that end a connection. */
const BAD_LIMIT = 20;
const BAD_WINDOW_MS = 10_000;
/** Requests over the rate that end a connection, as a multiple of the bucket. They are forgotten as fast as it fills. */
const OVER_BURSTS = 1;
/** Answers about the rate within a second. */
const ANSWERS_PER_SECOND = 10;

export class Guard {
  connectionId = "";
  bodyBytes: number;
  #perMs: number;
  #burst: number;
  #tokens: number;
  #at: number;
  #bad: number[] = [];
  #over = 0;
  #answers = 0;
  #answersSince = 0;

  constructor(limits: Required<Limits>, now: number) {
    this.bodyBytes = limits.bodyBytes;
    this.#perMs = limits.messagesPerSecond / 1000;
    this.#burst = limits.burst;
    this.#tokens = limits.burst;
    this.#at = now;
  }

  /** Takes over the limits of an admitted connection. */
  admit(connectionId: string, limits: Required<Limits>): void {
    this.connectionId = connectionId;
    this.bodyBytes = limits.bodyBytes;
    this.#perMs = limits.messagesPerSecond / 1000;
    this.#burst = limits.burst;
    this.#tokens = limits.burst;
    this.#over = 0;
  }

  /** Refills the bucket; called once a frame. */
  refill(now: number): void {
    const refill = (now - this.#at) * this.#perMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + refill);
    this.#over = Math.max(0, this.#over - refill);
    this.#at = now;
  }

  /** Takes a token for a request. */
  take(): boolean {
    if (this.#tokens >= 1) {
      this.#tokens--;
      return true;
    }
    this.#over++;
    return false;
  }

  /** Whether so much went over the rate that the connection should end. */
  get flooding(): boolean {
    return this.#over > this.#burst * OVER_BURSTS;
  }

  /** Whether a request over the rate is still told so. */
  mayAnswer(now: number): boolean {
    if (now - this.#answersSince >= 1000) {
      this.#answersSince = now;
      this.#answers = 0;
    }
    return ++this.#answers <= ANSWERS_PER_SECOND;
  }

  /** Counts a malformed frame; true when it was one too many. */
  bad(now: number): boolean {
    this.#bad = this.#bad.filter((at) => now - at < BAD_WINDOW_MS);
    this.#bad.push(now);
    return this.#bad.length >= BAD_LIMIT;
  }
}
