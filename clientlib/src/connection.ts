import {
  DefaultTimeoutMs,
  FIELDS,
  MaxHeadBytes,
  MaxNameRunes,
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
  OpReply,
  OpResult,
  type Ack,
  type Fault,
  type Message as Fields,
  type PeerInfo,
} from "@crossframe/protocol";
import { checkText, encodeBody } from "./body.js";
import { cancelled, CrossframeError, fromFault, report, tell } from "./errors.js";
import { readHead, readMessage, type Message, type Outgoing, type Waiting } from "./messages.js";
import { createOutbox } from "./outbox.js";
import type { Pacer } from "./pacing.js";

/** The hub ends a request by its own clock. Here it only must not wait for ever, so a coarse clock will do. */
const tickMs = 5_000;

interface Pending {
  readonly read: (message: Message) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly more: Waiting["more"];
  /** Takes its listener off the signal. */
  readonly off: (() => void) | undefined;
  /** The tick at which it is given up. */
  readonly due: number;
}

export type Connection = ReturnType<typeof createConnection>;

/**
 * The wire: makes frames of messages and messages of frames, matches answers to requests and paces what is sent.
 * It outlives its port: after a loss it is given another one, and request ids go on rising, so that an answer of
 * the old port can never be taken for one of the new.
 */
export function createConnection(pacer: Pacer) {
  /** Everyone whom the hub has introduced, this app among them. */
  const peers = new Map<number, PeerInfo>();
  const handlers = new Map<number, (message: Message) => void>();
  const losses: (() => void)[] = [];
  const endings: ((id: number, error: CrossframeError) => void)[] = [];
  const pending = new Map<number, Pending>();
  const outbox = createOutbox();
  let port: MessagePort | undefined;
  let ack: Ack;
  let ready = false;
  let lastId = 0;
  let ticks = 0;
  let ticker: ReturnType<typeof setTimeout> | undefined;

  const nextId = () => ++lastId;

  const settle = (id: number) => {
    const request = pending.get(id);
    pending.delete(id);
    request?.off?.();
    return request;
  };

  /** Counts time in ticks and not by the clock: a page that was frozen must first get to read its answers. */
  const tick = () => {
    ticks++;
    for (const [id, { due }] of pending) {
      if (due <= ticks) settle(id)?.reject(new CrossframeError("TIMEOUT", "the hub did not answer"));
    }
    ticker = pending.size > 0 ? setTimeout(tick, tickMs) : undefined;
  };

  const encode = ({ op, ref = 0, peer = 0, name = "", head, body }: Outgoing, id: number): Fields => {
    if (typeof name !== "string" || name.length > MaxNameRunes) {
      throw new CrossframeError("INVALID_NAME", `want a name of at most ${MaxNameRunes} characters`);
    }
    const text = head ? JSON.stringify(head) : "{}";
    checkText(text, MaxHeadBytes);
    return [op, id, ref, peer, name, text === "{}" ? "" : text, encodeBody(body, ack.limits.bodyBytes || Infinity)];
  };

  /** Sends a message that has no answer and that the limits do not count, such as the answer to a call. */
  const send = (out: Outgoing) => {
    if (port) outbox.put(encode(out, out.id ?? 0));
  };

  /** Sends a message that only informs. It is dropped where too much waits already, and where it is stale by then. */
  const inform = (out: Outgoing, current = () => true) => {
    if (!port) return;
    const fields = encode(out, out.id ?? 0);
    pacer.offer(() => current() && outbox.put(fields));
  };

  /**
   * Sends a request and resolves with what read makes of its answer. read runs before anything that stands
   * behind the answer in its frame is looked at.
   */
  const request = <T = void>(out: Outgoing, read: (message: Message) => T = ignore, wait: Waiting = {}) =>
    new Promise<T>((resolve, reject) => {
      const { signal, more, cancels, timeout = DefaultTimeoutMs } = wait;
      if (!ready) throw new CrossframeError("DISCONNECTED", "not connected");
      if (signal?.aborted) throw cancelled();
      const id = out.id ?? nextId();
      const fields = encode(out, id);
      const off = signal && onAbort(signal, () => {
        settle(id)?.reject(cancelled());
        if (cancels) inform({ op: OpCancel, id });
      });
      pending.set(id, { read, resolve, reject, more, off, due: ticks + 1 + Math.ceil(timeout / tickMs) });
      ticker ??= setTimeout(tick, tickMs);
      if (!pacer.offer(() => pending.has(id) && outbox.put(fields))) {
        settle(id)?.reject(new CrossframeError("QUOTA_EXCEEDED", "this app sends faster than its limits allow"));
      }
    });

  /** The second answer to a request that has been answered: it may take any time. Nobody has to wait for it. */
  const later = <T>(id: number, read: (message: Message) => T) => {
    const answer = new Promise<T>((resolve, reject) => {
      pending.set(id, { read, resolve, reject, more: undefined, off: undefined, due: Infinity });
    });
    answer.catch(() => {});
    return answer;
  };

  /** Sets who takes the messages of an operation. */
  const on = (op: number, handler: (message: Message) => void) => void handlers.set(op, handler);

  const take = (frame: readonly unknown[], from: number) => {
    const origin = port;
    for (let at = from; at < frame.length && port === origin; at += FIELDS) {
      const handler = handlers.get(frame[at] as number);
      try {
        handler?.(readMessage(frame, at));
      } catch (error) {
        report(error);
      }
    }
  };

  const answer = (m: Message) => {
    const request = settle(m.id);
    try {
      request?.resolve(request.read(m) as never);
    } catch (error) {
      request?.reject(new CrossframeError("INTERNAL", `unreadable answer: ${error}`));
    }
  };
  for (const op of [OpReply, OpResult, OpEnd, OpContextValue]) on(op, answer);
  for (const op of [OpProgress, OpPart]) on(op, (m) => pending.get(m.id)?.more?.(m));
  on(OpError, (m) => {
    const error = fromFault(readHead<Fault>(m));
    const request = settle(m.id);
    if (request) request.reject(error);
    else tell(endings, m.id, error);
  });
  on(OpPeer, (m) => peers.set(m.peer, readHead<PeerInfo>(m)));
  on(OpGone, (m) => peers.delete(m.peer));

  return {
    nextId,
    request,
    later,
    send,
    inform,
    on,

    /** Sets who is told when the port is gone. */
    onLost: (handler: () => void) => void losses.push(handler),

    /** Sets who is told an error about a request that was answered before. */
    onEnded: (handler: (id: number, error: CrossframeError) => void) => void endings.push(handler),

    /** The latest acknowledgement. */
    ack: () => ack,

    /** Whether there is a port. */
    attached: () => port !== undefined,

    /** Whom a number names. The hub introduces everyone before it names them. */
    peer: (id: number): PeerInfo => peers.get(id) ?? { peer: id, instance: "", app: "", origin: "" },

    /**
     * Takes a port that the hub has acknowledged, and the frame that said so: messages may stand behind it. Where
     * the hub wants proof, requests are refused until prove.
     */
    attach(to: MessagePort, acknowledgement: Ack, frame: readonly unknown[]) {
      port = to;
      ack = acknowledgement;
      ready = !ack.challenge;
      outbox.open(port, ack.connectionId);
      pacer.limit(ack.limits.messagesPerSecond, ack.limits.burst);
      peers.set(ack.me.peer, ack.me);
      // Whatever is not of the protocol's form is passed over.
      port.onmessage = ({ data }: MessageEvent) => {
        if (Array.isArray(data) && data.length % FIELDS === 1 && data[0] === ack.connectionId) take(data, 1);
      };
      take(frame, 1 + FIELDS);
    },

    /** Echoes a nonce of the hub. From then on requests may follow. */
    prove(nonce: string) {
      send({ op: OpProve, name: nonce });
      ready = true;
    },

    /** Gives the port up. Whatever waits for an answer is rejected with the error. */
    detach(error: CrossframeError, bye: boolean) {
      if (!port) return;
      if (bye) {
        // Not in a microtask: the document may be on its way out.
        send({ op: OpBye });
        outbox.flush();
      }
      port.onmessage = null;
      port.close();
      port = undefined;
      ready = false;
      outbox.open();
      pacer.limit();
      clearTimeout(ticker);
      ticker = undefined;
      peers.clear();
      for (const id of pending.keys()) settle(id)?.reject(error);
      tell(losses);
    },
  };
}

// For requests whose answer says nothing, where T is void.
const ignore = () => undefined as never;

function onAbort(signal: AbortSignal, listener: () => void): () => void {
  signal.addEventListener("abort", listener);
  return () => signal.removeEventListener("abort", listener);
}
