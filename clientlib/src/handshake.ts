import { FIELDS, OpAck, OpRefused, type Ack, type Fault, type Greeting } from "@crossframe/protocol";
import { decodeBody } from "./body.js";
import type { HubWindow } from "./environment.js";
import { fromFault } from "./errors.js";
import { readHead, readMessage } from "./messages.js";

/** A port that the hub has acknowledged. */
export interface Acknowledged {
  readonly port: MessagePort;
  readonly ack: Ack;
  /** What the app was started with. */
  readonly context: unknown;
  /** The frame that brought the acknowledgement; messages may stand behind it. */
  readonly frame: readonly unknown[];
}

/** An attempt to come by a port. */
export interface Attempt {
  /** Resolves with an acknowledged port, or rejects with a refusal. */
  readonly answer: Promise<Acknowledged>;
  /** Gives up; answer is never settled then. */
  stop(): void;
}

/** How long a greeting may go unanswered before it is repeated, in milliseconds; it doubles each time. */
const firstRepeatMs = 1_000;

/**
 * Greets the hub until it answers. Each greeting brings a channel of its own, so that nothing answers on one that
 * was given up; and each is posted with an exact target origin, so that no other page ever gets hold of a port.
 */
export function greet(hub: HubWindow, origins: readonly string[], greeting: () => Greeting): Attempt {
  let open: MessagePort[] = [];
  let timer: ReturnType<typeof setTimeout>;

  const stop = (answered?: MessagePort) => {
    clearTimeout(timer);
    for (const port of open) if (port !== answered) port.close();
    open = [];
  };

  const answer = new Promise<Acknowledged>((resolve, reject) => {
    const round = (patience: number) => {
      stop();
      // The hub's window has one origin, so of several greetings the browser delivers one.
      open = origins.map((origin) => {
        const { port1, port2 } = new MessageChannel();
        acknowledgement(port1)
          .finally(() => stop(port1))
          .then(resolve, reject);
        hub.postMessage(greeting(), origin, [port2]);
        return port1;
      });
      timer = setTimeout(round, patience, patience * 2);
    };
    round(firstRepeatMs);
  });
  return { answer, stop };
}

/**
 * Waits on a port for the hub's decision, and takes exactly one. A refusal rejects with its code; whatever is
 * neither that nor an acknowledgement is ignored.
 */
export function acknowledgement(port: MessagePort): Promise<Acknowledged> {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data: frame }: MessageEvent) => {
      if (!Array.isArray(frame) || frame.length <= FIELDS) return;
      const message = readMessage(frame, 1);
      if (message.op === OpRefused) {
        port.close();
        reject(fromFault(readHead<Fault>(message)));
      } else if (message.op === OpAck) {
        resolve({ port, ack: readHead<Ack>(message), context: decodeBody(message.body), frame });
      }
    };
  });
}
