import { OpRefused, type Fault } from "@crossframe/protocol";
import { createConnection } from "./connection.js";
import type { Entrance } from "./entrance.js";
import { cancelled, CrossframeError, fromFault, tell } from "./errors.js";
import type { Acknowledged } from "./handshake.js";
import { readHead } from "./messages.js";
import type { Pacer } from "./pacing.js";
import type { createRecovery } from "./recovery.js";
import { createStandingRequests, type Lost } from "./standing.js";

/** What a session tells, by event. */
export interface SessionEvents {
  /** The connection is lost; if the session can, it is about to connect again. Calls under way were rejected. */
  disconnected: CrossframeError;
  /** It is connected again: methods, subscriptions and watches are back, but for what is listed. */
  reconnected: { readonly lost: readonly Lost[] };
  /** The hub took a method, a subscription or a watch back: the app's definition does not grant it any more. */
  lost: Lost;
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

/** What a session may do without. */
export interface Parts {
  /** Keeps to the hub's limits; without it, what goes over them is answered with RATE_LIMITED. */
  readonly pacing?: () => Pacer;
  /** Connects again; without it, a session ends with its first port. */
  readonly recovery?: typeof createRecovery;
}

/** Sends everything at once. */
const unpaced: Pacer = { limit() {}, offer: (send) => (send(), true) };

export type Session = ReturnType<typeof createSession>;

/** The life of a connection over several ports: connecting, proving the document, losing it, connecting again. */
export function createSession(entrance: Entrance, { timeout = 10_000, signal, reconnect = true }: SessionOptions, parts: Parts) {
  const connection = createConnection(parts.pacing?.() ?? unpaced);
  const standing = createStandingRequests(connection, (lost) => emit("lost", lost));
  const listeners = new Set<(event: string, value: never) => void>();
  /** What the app was started with. */
  let context: unknown;
  /** Fails the attempt to connect that is under way. */
  let fail: ((error: CrossframeError) => void) | undefined;
  let nonce: string | undefined;
  let proven: (() => void) | undefined;
  let closed = false;

  const emit = <K extends keyof SessionEvents>(event: K, value: SessionEvents[K]) => tell(listeners, event, value as never);

  /** Echoes the nonce. The challenge and the acknowledgement come by different ways, in either order. */
  const prove = () => {
    if (nonce === undefined || !connection.attached()) return;
    connection.prove(nonce);
    proven?.();
  };

  const enter = async ({ port, ack, context: given, frame }: Acknowledged) => {
    // An answer that crossed the end of its attempt has nobody left to serve.
    if (!fail) return port.close();
    context = given;
    const proof = ack.challenge && new Promise<void>((resolve) => (proven = resolve));
    connection.attach(port, ack, frame);
    prove();
    await proof;
  };

  const open = async () => {
    nonce = undefined;
    const failed = new Promise<never>((_, reject) => (fail = reject));
    const timer = setTimeout(() => fail?.(unanswered(timeout)), timeout);
    const way = entrance.open();
    try {
      await Promise.race([failed, way.answer.then(enter)]);
    } catch (error) {
      way.stop();
      connection.detach(error as CrossframeError, true);
      throw error;
    } finally {
      fail = undefined;
      clearTimeout(timer);
    }
  };

  const lose = (error: CrossframeError, bye: boolean) => {
    fail?.(error);
    if (!connection.attached()) return;
    connection.detach(error, bye);
    emit("disconnected", error);
  };

  /** Ends the session for good. */
  const close = (error = new CrossframeError("DISCONNECTED", "closed", { retryable: false })) => {
    if (closed) return;
    closed = true;
    stopListening?.();
    fail?.(error);
    connection.detach(error, true);
    emit("closed", error);
  };

  const recovery = parts.recovery?.({
    open,
    close,
    lose,
    connection,
    standing,
    patient: entrance.patient,
    byItself: reconnect,
    busy: () => closed || !!fail,
    back: (lost) => emit("reconnected", { lost }),
  });

  connection.on(OpRefused, (m) => {
    const error = fromFault(readHead<Fault>(m));
    if (fail) return fail(error);
    lose(error, false);
    if (!recovery?.refused(error)) close(error);
  });

  const stopListening = entrance.listen?.({
    challenge(value) {
      nonce = value;
      prove();
    },
    hidden: () => lose(new CrossframeError("DISCONNECTED", "the page was left"), true),
    shown: () => (recovery && reconnect ? recovery.renew() : close()),
  });

  return {
    connection,
    standing,
    close: () => close(),
    reconnect: () => recovery?.renew(),
    context: () => context,

    /** Connects for the first time. */
    async start() {
      const cancel = () => fail?.(cancelled());
      try {
        if (signal?.aborted) throw cancelled();
        signal?.addEventListener("abort", cancel);
        await open();
      } catch (error) {
        close(error as CrossframeError);
        throw error;
      } finally {
        signal?.removeEventListener("abort", cancel);
      }
    },

    on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): () => void {
      const entry = (told: string, value: never) => told === event && listener(value);
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
  };
}

function unanswered(timeout: number): CrossframeError {
  return new CrossframeError(
    "HANDSHAKE_TIMEOUT",
    `no hub answered within ${timeout} ms: is there one on the page that frames or opened this page?`,
  );
}
