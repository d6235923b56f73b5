/**
 * The page's line to the hub's Worker: messages of the room "page" in both directions, and how the program is.
 */
import type { FromWorker, LicenseAgain, Notice, Start, Status } from "./messages.js";

/** A message of the hub to the page's runtime. */
export interface PageMessage {
  readonly op: number;
  readonly id: number;
  readonly ref: number;
  readonly name: string;
  /** JSON text, "" where there is none. */
  readonly head: string;
  /** JSON text, null where there is none. */
  readonly body: string | null;
}

export interface LinkListener {
  /** The Worker's script runs. Until then it needs the page's thread to start. */
  awake(): void;
  message(message: PageMessage): void;
  status(status: Status): void;
  notice(notice: Notice): void;
  /** The Worker itself failed, and with it every port. */
  died(reason: string): void;
}

export class HubLink {
  readonly #worker: Worker;

  constructor(worker: Worker, listener: LinkListener) {
    this.#worker = worker;
    worker.onmessage = (event: MessageEvent<FromWorker>) => {
      const message = event.data;
      switch (message.kind) {
        case "page": {
          const [, op, id, ref, , name, head, body] = message.frame as [string, number, number, number, number, string, string, string | null];
          listener.message({ op, id, ref, name, head, body });
          break;
        }
        case "status":
          listener.status(message);
          break;
        case "notice":
          listener.notice(message);
          break;
        case "awake":
          listener.awake();
          break;
      }
    };
    worker.onerror = (event) => {
      event.preventDefault();
      listener.died(event.message);
    };
  }

  start(start: Start): void {
    this.#worker.postMessage(start);
  }

  /** Tells the hub something; a greeting brings its port. */
  send(op: number, ref: number, name: string, head: string, body: string | null = null, port?: MessagePort): void {
    const message = { kind: "page", frame: ["", op, 0, ref, 0, name, head, body], ...(port ? { port } : {}) };
    this.#worker.postMessage(message, port ? [port] : []);
  }

  /** Has the license looked at again. */
  license(again: LicenseAgain): void {
    this.#worker.postMessage(again);
  }

  /** Ends the hub's program, where the configuration allows it. */
  exit(): void {
    this.#worker.postMessage({ kind: "exit" });
  }

  close(): void {
    this.#worker.onmessage = null;
    this.#worker.onerror = null;
    this.#worker.terminate();
  }
}
