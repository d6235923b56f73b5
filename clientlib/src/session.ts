import { FIELDS } from "@crossframe/protocol";
import { Connection } from "./connection.js";
import type { Lost } from "./messages.js";
import type { Entrance } from "./entrance.js";
import { CrossframeError, report } from "./errors.js";

/** What a session tells, by event. */
export interface SessionEvents {
  /** The connection is lost; if the session can, it is about to connect again. Calls under way were rejected. */
  disconnected: CrossframeError;
  /** It is connected again: methods, subscriptions and watches are back, but for what is listed. */
  reconnected: { readonly lost: readonly Lost[] };
  /** It is over for good. */
  closed: CrossframeError;
}

export interface SessionOptions {
  /** How long the hub may take to answer a greeting, in milliseconds; 10 000 by default. */
  readonly timeout?: number | undefined;
  /** Gives connecting up. It has no effect on a connected session. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to connect again by itself where that makes sense; true by default. */
  readonly reconnect?: boolean | undefined;
}

const defaultTimeoutMs = 10_000;
const firstRetryMs = 1_000;
/** How often to try after the hub was replaced, or this page came back from the browser's cache. */
const retries = 4;
/** A connection that is taken away again so soon after the last time is not asked for once more. */
const revokedAgainMs = 60_000;

/** The life of a connection over several ports: connecting, proving the document, losing it, connecting again. */
export class Session {
  readonly connection = new Connection();
  /** What the app was started with. */
  context: unknown;

  readonly #entrance: Entrance;
  readonly #options: SessionOptions;
  readonly #listeners = new Map<keyof SessionEvents, Set<(value: never) => void>>();
  #stopListening: (() => void) | undefined;
  /** The attempt to connect that is under way; aborting it with an error fails it. */
  #attempt: AbortController | undefined;
  #nonce: string | undefined;
  #proven: (() => void) | undefined;
  #recovering = false;
  #closed = false;
  #revokedAt = -Infinity;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(entrance: Entrance, options: SessionOptions) {
    this.#entrance = entrance;
    this.#options = options;
    this.connection.refused = (error) => this.#refused(error);
  }

  /** Connects for the first time. */
  async start(): Promise<void> {
    this.#stopListening = this.#entrance.listen?.({
      challenge: (nonce) => this.#challenge(nonce),
      replaced: () => this.#again(),
      hidden: () => this.#lose(new CrossframeError("DISCONNECTED", "the page was left"), true),
      shown: () => this.#again(),
    });
    try {
      await this.#open(this.#options.signal);
    } catch (error) {
      this.close(error as CrossframeError);
      throw error;
    }
  }

  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Gives the port up and connects anew. */
  reconnect(): void {
    if (this.#closed || this.#attempt || this.#recovering) return;
    this.#lose(new CrossframeError("DISCONNECTED", "connecting anew"), true);
    void this.#recover(retries, 0);
  }

  /** Ends the session for good. */
  close(error = new CrossframeError("DISCONNECTED", "closed", { retryable: false })): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopListening?.();
    clearTimeout(this.#retryTimer);
    this.#attempt?.abort(error);
    this.connection.detach(error, true);
    this.#emit("closed", error);
  }

  async #open(signal?: AbortSignal): Promise<void> {
    const { timeout = defaultTimeoutMs } = this.#options;
    const attempt = (this.#attempt = new AbortController());
    const failed = new Promise<never>((_, reject) => {
      attempt.signal.addEventListener("abort", () => reject(attempt.signal.reason));
    });
    const cancel = () => attempt.abort(new CrossframeError("CANCELLED", "cancelled"));
    const timer = setTimeout(() => attempt.abort(unanswered(timeout)), timeout);
    signal?.addEventListener("abort", cancel);
    if (signal?.aborted) cancel();
    try {
      this.#nonce = undefined;
      await Promise.race([failed, this.#enter(attempt.signal)]);
    } catch (error) {
      this.connection.detach(error as CrossframeError, true);
      throw error;
    } finally {
      this.#attempt = undefined;
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    const { port, ack, context, frame } = await this.#entrance.open(signal);
    // An answer that crossed the end of its attempt has nobody left to serve.
    if (signal.aborted) return port.close();
    this.context = context;
    this.connection.attach(port, ack);
    const proof = ack.challenge && new Promise<void>((resolve) => (this.#proven = resolve));
    this.connection.receive([ack.connectionId, ...frame.slice(1 + FIELDS)]);
    if (this.#nonce !== undefined) this.#challenge(this.#nonce);
    await proof;
  }

  /** The challenge and the acknowledgement come by different ways, in either order. */
  #challenge(nonce: string): void {
    this.#nonce = nonce;
    if (!this.connection.attached) return;
    this.connection.prove(nonce);
    this.#proven?.();
  }

  #refused(error: CrossframeError): void {
    if (this.#attempt) return this.#attempt.abort(error);
    const now = performance.now();
    const again = error.code === "SESSION_REVOKED" && now - this.#revokedAt > revokedAgainMs;
    if (again) this.#revokedAt = now;
    this.#lose(error, false);
    if (this.#automatic && (again || error.code === "HUB_NOT_READY")) void this.#recover(1, firstRetryMs);
    else this.close(error);
  }

  #again(): void {
    if (this.#automatic) this.reconnect();
    else this.close();
  }

  get #automatic(): boolean {
    return this.#options.reconnect !== false;
  }

  #lose(error: CrossframeError, bye: boolean): void {
    this.#attempt?.abort(error);
    if (!this.connection.attached) return;
    this.connection.detach(error, bye);
    this.#emit("disconnected", error);
  }

  async #recover(tries: number, delay: number): Promise<void> {
    this.#recovering = true;
    for (let left = tries; ; delay = delay * 2 || firstRetryMs) {
      if (delay > 0) await new Promise((resolve) => (this.#retryTimer = setTimeout(resolve, delay)));
      try {
        await this.#open();
        break;
      } catch (error) {
        if (--left <= 0 || !(error as CrossframeError).retryable) return this.close(error as CrossframeError);
      }
    }
    this.#recovering = false;
    const lost = await Promise.all(this.connection.rooms.map((room) => room.restore?.() ?? []));
    if (this.connection.attached) this.#emit("reconnected", { lost: lost.flat() });
  }

  #emit<K extends keyof SessionEvents>(event: K, value: SessionEvents[K]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        (listener as (value: SessionEvents[K]) => void)(value);
      } catch (error) {
        report(error);
      }
    }
  }
}

function unanswered(timeout: number): CrossframeError {
  return new CrossframeError(
    "HANDSHAKE_TIMEOUT",
    `no hub answered within ${timeout} ms. Is there one on the page around this app, and did it open this window?`,
  );
}
