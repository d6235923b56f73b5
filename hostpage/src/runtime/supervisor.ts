/**
 * Runs the hub's program in the Worker, and outlives it: ports, journal and open requests are kept here. When the
 * program ends, requests in flight get a coded error, a new run takes over the journal, and the ports go on.
 */
import { checkFrame, FIELDS, OpPageBoot, OpPageLicense, OpPageMisuse, type Boot, type Code, type Fault, type Limits } from "@crossframe/protocol";

import { Alarm } from "./alarm.js";
import { Journal } from "./journal.js";
import { LicenseLooks } from "./looks.js";
import type { FromWorker, LicenseAgain, Start, ToHub } from "./messages.js";
import { isRequest } from "./operations.js";
import { Outgoing } from "./outgoing.js";
import type { Output } from "./output.js";
import { FORM_TEXTS, HubPort } from "./ports.js";
import * as program from "./program.js";
import { Program, ProgramEnded, type Loaded } from "./program.js";
import * as records from "./records.js";
import type { Body } from "./records.js";
import { ContextStore } from "./store.js";

/** So many ends within {@link ENDS_WINDOW_MS}, and the program is not started again. */
const ENDS_LIMIT = 5;
const ENDS_WINDOW_MS = 60_000;
/** Greetings and page messages kept while no program runs, and frames of one port. */
const BACKLOG_LIMIT = 10_000;
const PORT_BACKLOG_LIMIT = 64;
/** Input above this is handed over before the frame is through: the program's memory grows by it, and never shrinks. */
const INPUT_LIMIT = 1 << 20;
/** How long the JSON text of a message in a foreign dialect may be, in characters. */
const TEXT_LIMIT = 1 << 20;

export class Supervisor {
  readonly #start: Start;
  readonly #toPage: (message: FromWorker) => void;
  readonly #ports = new Map<number, HubPort>();
  readonly #journal: Journal;
  readonly #store: ContextStore | undefined;
  readonly #outgoing = new Outgoing();
  /** Ports that close behind what the call at hand sends. */
  readonly #closing: HubPort[] = [];
  readonly #ends: number[] = [];
  readonly #loading: Promise<Loaded> | undefined;
  #module: WebAssembly.Module | undefined;
  readonly #license: LicenseLooks;
  readonly #alarm = new Alarm(() => this.#signal(program.CALL_TICK));
  #program: Program | undefined;
  #lastPort = 0;
  #epoch = 0;
  #restarts = 0;
  #degraded = false;
  #backlog: (() => void)[] = [];

  /** @param loading the program, where it is on its way already. */
  constructor(start: Start, toPage: (message: FromWorker) => void, loading?: Promise<Loaded>) {
    this.#start = start;
    this.#license = new LicenseLooks(start.boot.origin, start.serverMs, start.floorMs);
    this.#loading = loading;
    this.#toPage = toPage;
    this.#store = start.store === "" ? undefined : new ContextStore(start.store, (text) => toPage({ kind: "notice", text }));
    this.#journal = new Journal((key, chunks) => this.#store?.changed(key, chunks));
  }

  /** Loads the program and what an earlier page kept, and starts. */
  async run(): Promise<void> {
    this.#status("starting");
    let first: Program;
    try {
      const [loaded, kept] = await Promise.all([
        this.#loading ?? program.load(this.#start.wasm),
        this.#store?.load() ?? [],
        this.#license.look(this.#start.license),
      ]);
      this.#module = loaded.module;
      first = loaded.first;
      this.#journal.load(kept);
    } catch (error) {
      this.#degrade({ code: "HUB_NOT_READY", message: `the hub's program could not be loaded: ${String(error)}` });
      return;
    }
    await this.#launch(first);
  }

  /** Looks at the license again, and tells the hub. */
  license({ license, serverMs }: LicenseAgain): void {
    if (serverMs !== undefined) this.#license.set(serverMs);
    void this.#license.look(license).then(
      () => this.#whenRunning(() => this.#tellLicense(), undefined),
      (error: unknown) => console.error("the license could not be looked at again; what was found before holds:", error),
    );
  }

  #tellLicense(): void {
    this.#input((input) => input.add(OpPageLicense, 0, 0, 0, "", JSON.stringify(this.#license.report()), null));
    this.#call(program.CALL_PAGE, 0);
  }

  /** Takes a message of the page. */
  page(message: ToHub): void {
    let port: HubPort | undefined;
    if (message.port) {
      port = new HubPort(++this.#lastPort, message.port, performance.now());
      this.#ports.set(port.number, port);
      this.#listen(port);
    }
    this.#whenRunning(() => this.#pageNow(message.frame, port?.number), port);
  }

  /** Ends the program, for a demonstration. */
  exit(): void {
    if (this.#start.debug) this.#signal(program.CALL_EXIT, 3);
  }

  #pageNow(frame: readonly unknown[], port: number | undefined): void {
    const [, op, id, ref, peer, name, head, body] = frame as [string, number, number, number, number, string, string, Body];
    this.#input((input) => input.add(op, id, ref, port ?? peer, name, head, body));
    this.#call(program.CALL_PAGE, 0);
  }

  #listen(port: HubPort): void {
    port.port.onmessage = (event) => {
      // The browser makes an array of the ports when asked for it, which takes several microseconds: it is asked once.
      const { data, ports } = event as { data: unknown; ports: readonly MessagePort[] };
      const clean = ports.length === 0;
      if (!clean) for (const extra of ports) extra.close();
      if (this.#program) {
        this.#receive(port, data, clean);
      } else {
        this.#keep(port, data, clean);
      }
    };
    port.port.onmessageerror = () => this.#whenRunning(() => this.#misuse(port, "BAD_MESSAGE"), undefined);
  }

  /** Keeps a frame until the program runs again; beyond the bound its requests are answered at once. */
  #keep(port: HubPort, data: unknown, clean: boolean): void {
    if (port.waiting >= PORT_BACKLOG_LIMIT) {
      if (typeof checkFrame(data, port.guard.bodyBytes) === "number") {
        port.fail(requestsOf(data as readonly unknown[], 1), "CANCELLED", "the hub is restarting, and too much of this connection waits for it", true);
      }
      return;
    }
    port.waiting++;
    this.#whenRunning(() => {
      port.waiting--;
      this.#receive(port, data, clean);
    }, undefined);
  }

  /** Runs work now, or when the program runs again. A greeting is refused where that will not be soon. */
  #whenRunning(work: () => void, greeting: HubPort | undefined): void {
    if (this.#program) {
      work();
      return;
    }
    if (this.#degraded || this.#backlog.length >= BACKLOG_LIMIT) {
      if (greeting) {
        this.#ports.delete(greeting.number);
        const why = this.#degraded ? "the hub has stopped after repeated faults; reload the page" : "the hub is starting, and too many wait for it";
        greeting.refuse("HUB_NOT_READY", why, true);
      }
      return;
    }
    this.#backlog.push(work);
  }

  /** Takes a frame of a port: the guard first, then the program. */
  #receive(port: HubPort, data: unknown, clean: boolean): void {
    if (this.#ports.get(port.number) !== port) return;
    const now = performance.now();
    if (port.form === FORM_TEXTS) {
      this.#receiveText(port, data);
      return;
    }
    const found = checkFrame(data, port.guard.bodyBytes);
    if (typeof found === "string") {
      this.#misuse(port, found);
      return;
    }
    const frame = data as readonly unknown[];
    if (!clean || frame[0] !== port.connectionId) {
      this.#misuse(port, "BAD_MESSAGE");
      return;
    }
    port.guard.refill(now);
    const over = this.#collect(port, frame, now);
    if (this.#program && this.#program.input.count > 0) this.#call(program.CALL_FRAMES, port.number);
    if (over) this.#overRate(port, over, now);
  }

  /** Puts the messages of a frame into the input; returns the ids of those that go over the rate, if there are any. */
  #collect(port: HubPort, frame: readonly unknown[], now: number): number[] | undefined {
    let over: number[] | undefined;
    this.#program?.input.begin(now);
    for (let i = 1; i < frame.length; i += FIELDS) {
      const input = this.#program?.input;
      if (!input) {
        port.fail(requestsOf(frame, i), "CANCELLED", "the hub restarted while this request was in flight", true);
        break;
      }
      const op = frame[i] as number;
      const id = frame[i + 1] as number;
      if (!port.enter(op, id)) {
        (over ??= []).push(id);
        continue;
      }
      input.add(
        op,
        id,
        frame[i + 2] as number,
        frame[i + 3] as number,
        frame[i + 4] as string,
        frame[i + 5] as string,
        (frame[i + 6] ?? null) as Body,
      );
      if (input.length > INPUT_LIMIT) {
        this.#call(program.CALL_FRAMES, port.number);
        this.#program?.input.begin(now);
      }
    }
    return over;
  }

  #receiveText(port: HubPort, data: unknown): void {
    let text: string;
    try {
      text = JSON.stringify(data);
    } catch {
      text = "";
    }
    if (typeof text !== "string" || text === "" || text.length > TEXT_LIMIT) {
      this.#misuse(port, "BAD_MESSAGE");
      return;
    }
    this.#input((input) => input.add(0, 0, 0, 0, "", "", text));
    this.#call(program.CALL_FRAMES, port.number);
  }

  #overRate(port: HubPort, ids: number[], now: number): void {
    const told = ids.filter(() => port.guard.mayAnswer(now));
    port.fail(told, "RATE_LIMITED", "more messages than this connection's limits allow; the client library paces itself by them", true);
    if (told.length > 0 || port.guard.flooding) this.#tellMisuse(port, "RATE_LIMITED", ids.length, port.guard.flooding);
  }

  /** Notes a frame that the guard dropped. */
  #misuse(port: HubPort, code: Code): void {
    this.#tellMisuse(port, code, 1, port.guard.bad(performance.now()));
  }

  #tellMisuse(port: HubPort, code: Code, count: number, close: boolean): void {
    this.#input((input) => input.add(OpPageMisuse, 0, 0, port.number, "", JSON.stringify({ code, count, close }), null));
    this.#call(program.CALL_PAGE, 0);
  }

  /** Begins the input of a call and lets fill add to it. */
  #input(fill: (input: records.Input) => void): void {
    const input = this.#program?.input;
    if (input) {
      input.begin(performance.now());
      fill(input);
    }
  }

  /** Calls the program without input. */
  #signal(kind: number, argument = 0): void {
    this.#input(() => undefined);
    this.#call(kind, argument);
  }

  /** Calls the program, applies the journal, and then sends. */
  #call(kind: number, port: number): void {
    const current = this.#program;
    if (!current) return;
    try {
      const due = current.call(kind, port);
      while (current.output.next()) this.#take(current.output);
      this.#outgoing.flush();
      this.#alarm.set(due);
    } catch (error) {
      if (!(error instanceof ProgramEnded)) throw error;
      this.#ended(error);
    }
    for (let closed = this.#closing.pop(); closed; closed = this.#closing.pop()) closed.close();
  }

  /** Takes one outgoing record. Journal records take effect at once, messages when all records were read. */
  #take(record: Output): void {
    switch (record.kind) {
      case records.OUT_SEND: {
        const to = this.#ports.get(record.port);
        if (to) {
          to.leave(record.op, record.id);
          this.#outgoing.send(to, record.op, record.id, record.ref, record.peer, record.name, record.head, record.body());
        }
        break;
      }
      case records.OUT_JOURNAL:
        this.#journal.apply(record.op, record.name, { head: record.head, body: record.body() });
        break;
      case records.OUT_PAGE:
        this.#toPage({ kind: "page", frame: ["", record.op, record.id, record.ref, record.peer, record.name, record.head, record.body()] });
        break;
      case records.OUT_ADMIT:
        this.#ports.get(record.port)?.admit(record.name, record.op, JSON.parse(record.head) as Required<Limits>);
        break;
      case records.OUT_CLOSE: {
        const closed = this.#ports.get(record.port);
        if (closed) {
          this.#ports.delete(record.port);
          this.#closing.push(closed);
        }
        break;
      }
      case records.OUT_TEXT: {
        const to = this.#ports.get(record.port);
        if (to) this.#outgoing.text(to, record.head);
        break;
      }
    }
  }

  /** The program has ended, or did not start: answers what was in flight, and starts a new run. */
  #ended(error: Error): void {
    this.#program = undefined;
    this.#outgoing.drop();
    this.#alarm.clear();
    for (const port of this.#ports.values()) {
      port.fail(port.open, "CANCELLED", "the hub restarted while this request was in flight", true);
      port.open.clear();
    }
    const now = performance.now();
    this.#ends.push(now);
    this.#restarts++;
    if (this.#ends.filter((at) => now - at < ENDS_WINDOW_MS).length >= ENDS_LIMIT) {
      this.#degrade({ code: "HUB_NOT_READY", message: `the hub's program ended ${ENDS_LIMIT} times within a minute; the last time: ${error.message}` });
      return;
    }
    this.#status("restarting");
    void this.#launch();
  }

  /**
   * Starts a run of the program: configuration, journal, and then what came meanwhile.
   *
   * @param first the run, where it has been started ahead
   */
  async #launch(first?: Program): Promise<void> {
    if (!this.#module) return;
    this.#epoch++;
    let next: Program;
    try {
      next = first ?? (await Program.start(this.#module));
    } catch (error) {
      this.#ended(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#program = next;
    next.onWake = () => this.#signal(program.CALL_LINK);
    next.onEnd = (error) => this.#ended(error);
    const { nowMs, claims, fault } = this.#license.report();
    const boot: Boot = {
      ...this.#start.boot,
      ...(claims === undefined ? {} : { licenseClaims: claims }),
      ...(fault === undefined ? {} : { licenseFault: fault }),
      epoch: this.#epoch,
      nowMs,
    };
    this.#input((input) => input.add(OpPageBoot, 0, 0, 0, "", JSON.stringify(boot), null));
    this.#call(program.CALL_PAGE, 0);
    for (const [key, chunks] of this.#journal.entries()) {
      this.#input((input) => {
        for (const chunk of chunks) input.add(0, 0, 0, 0, key, chunk.head, chunk.body);
      });
      this.#call(program.CALL_RESTORE, 0);
    }
    this.#signal(program.CALL_RESUME);
    if (this.#program !== next) return;
    this.#status("running");
    const waiting = this.#backlog;
    this.#backlog = [];
    for (const work of waiting) this.#whenRunning(work, undefined);
  }

  /** Gives up: says so to the page and to everybody who is or wants to be connected. */
  #degrade(fault: Fault): void {
    this.#degraded = true;
    this.#backlog = [];
    for (const port of this.#ports.values()) port.refuse("HUB_NOT_READY", fault.message, true);
    this.#ports.clear();
    this.#toPage({ kind: "status", state: "degraded", restarts: this.#restarts, fault });
  }

  #status(state: "starting" | "running" | "restarting"): void {
    this.#toPage({ kind: "status", state, restarts: this.#restarts });
  }
}

/** The ids of a well-formed frame's requests, from a field on. */
function requestsOf(frame: readonly unknown[], from: number): number[] {
  const ids: number[] = [];
  for (let i = from; i < frame.length; i += FIELDS) {
    if (isRequest(frame[i] as number)) ids.push(frame[i + 1] as number);
  }
  return ids;
}
