/**
 * Starts the platform in a page: the hub in its Worker, the door, the page itself as a participant, and beside them the
 * shell, which is large and which the hub does not wait for. Everything else that the page does, it does as a peer like
 * any app.
 */
import { connectPort, type Hub } from "@crossframe/client";
import {
  LinkConnecting,
  MarkInitRequest,
  OpPageChallenge,
  OpPageClose,
  OpPageFailed,
  OpPageGreet,
  OpPageLink,
  OpPageLoaded,
  OpPageOpen,
  OpPageReady,
  OpPageRemoved,
  OpPageState,
  OpPageToken,
  StateConnected,
  versions,
  type BootResult,
  type Challenge,
  type FrameSpec,
  type FrameState,
  type LinkConfig,
  type LinkState,
  type PageConfig,
} from "@crossframe/protocol";

import { pageStore } from "../ui/pagestore.js";
import type { Shell, ShellOptions } from "../ui/shell.js";
import type { HubStatus } from "../ui/status.js";
import { becomeDevelopmentUser, developmentUser, hasHolder, keepHolder, linkUrl, tokenSource, toldOnce, type TokenSource } from "./account.js";
import { Definitions } from "./definitions.js";
import { Door } from "./door.js";
import { HubLink, type PageMessage } from "./link.js";
import type { Notice, Status } from "./messages.js";
import { Relicense } from "./relicense.js";
import { claimSession, forgetSession } from "./session.js";
import { databaseOf, tidySessions } from "./tidy.js";
import { fillWorkspace } from "./workspace.js";

/** What the page's server configures; the rest of a hub's configuration the page knows by itself. */
export type PlatformConfig = Partial<PageConfig>;

export interface PlatformOptions {
  /**
   * Makes the shell in the page. It is called once, when the hub has been told to start or that takes long: making it
   * keeps the page's thread busy, and until then the Worker needs that thread.
   */
  readonly shell: (options: ShellOptions) => Promise<Shell>;
  readonly config: PlatformConfig | Promise<PlatformConfig>;
  /** Reads the configuration again, for what of it changes under a running page: the license, and the apps. If absent, nothing does. */
  readonly reread?: () => Promise<PlatformConfig>;
  /** Makes the Worker that runs the hub. */
  readonly worker: () => Worker;
  readonly wasm: { readonly url: string; readonly integrity: string };
}

/** The shell shows after this time at the latest, in milliseconds, however long Worker and configuration take to come. */
const SHELL_MS = 300;

/** What a start leaves in the browser's timeline (performance.mark), for whoever watches how long it takes people. */
export const marks = { connected: "crossframe: connected", stands: "crossframe: workspace stands" } as const;

/** A running platform. */
export interface Platform {
  /** The page itself as a participant: methods, shared contexts, apps, policy. */
  readonly hub: Hub;
  /** Ends the hub's program, where the configuration allows it. */
  crash(): void;
  /** Ends everything and empties the root. */
  close(): void;
}

/** Starts the platform. Rejects, with the reason also on the page, where the hub will not run as configured. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const runtime = new Runtime(options);
  try {
    return await runtime.start();
  } catch (error) {
    runtime.failed(error);
    throw error;
  }
}

/** How long a page that was somebody's waits to hear whose it is now, before it shows what was shared. */
const HOLDER_MS = 2_000;

class Runtime {
  readonly #options: PlatformOptions;
  #shell: Shell | undefined;
  #making: Promise<Shell> | undefined;
  /** What the shell is to show when it is there. */
  #unshown: ((shell: Shell) => void)[] = [];
  readonly #link: HubLink;
  readonly #door: Door;
  readonly #license: Relicense;
  /** The Worker runs, or never will. */
  readonly #awake = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<void>();
  #status: HubStatus = { state: "starting", origin: location.origin };
  #hub: Hub | undefined;
  #closed = false;
  #debug = false;
  #token: TokenSource = () => Promise.resolve("");
  /** What instances were started with, for the saved workspace. */
  readonly #contexts = new Map<string, { readonly frame: number; readonly context: unknown }>();
  /** Frames whose apps are connected. */
  readonly #connected = new Set<number>();

  constructor(options: PlatformOptions) {
    this.#options = options;
    this.#link = new HubLink(options.worker(), {
      awake: () => this.#awake.resolve(),
      message: (message) => this.#message(message),
      status: (status) => this.#programStatus(status),
      notice: (notice) => this.#notice(notice),
      died: (reason) => {
        this.#stopped(`the hub's Worker ended: ${reason}`);
        this.#awake.resolve();
      },
    });
    this.#license = new Relicense(this.#link, pageStore());
    this.#door = new Door(this.#link, (source) => this.#shell?.frames.resolve(source));
  }

  async start(): Promise<Platform> {
    const late = setTimeout(() => this.#makeShell().catch(() => undefined), SHELL_MS);
    // Reading storage stops the page's thread for a while. Nothing of it is wanted before the program is there.
    await this.#awake.promise;
    const [config, claimed] = await Promise.all([this.#options.config, claimSession()]);
    const { title, debug = false, nowMs: _, licenseKey: _1, licenseKeys: _2, licenseKeySet: _3, licenseRoots: _4, licenseRevocations: _5, link, ...rest } = config;
    this.#debug = debug;
    if (link) this.#joinBroker(link);
    const session = link && hasHolder() ? await this.#ownSession(claimed) : claimed;
    void tidySessions(session);
    if (title !== undefined) this.#show((shell) => shell.setTitle(title));
    this.#link.start({
      kind: "start",
      boot: { ...rest, ...(link ? { link: { url: linkUrl(link.url) } } : {}), origin: location.origin, hub: session },
      ...this.#license.start(config),
      wasm: this.#options.wasm,
      store: databaseOf(session),
      debug,
    });
    clearTimeout(late);
    const [hub, shell] = await Promise.all([this.#connect(), this.#makeShell()]);
    this.#follow(hub, config);
    // The requests go in one post, those of the log before those that it may have something to say about.
    await Promise.all([shell.attach(hub), fillWorkspace(hub, shell)]);
    performance.mark(marks.stands);
    return { hub, crash: () => this.#link.exit(), close: () => this.#close() };
  }

  /** Follows what of the configuration changes under a running page. */
  #follow(hub: Hub, { apps = [] }: PlatformConfig): void {
    const { reread } = this.#options;
    if (!reread) return;
    const definitions = new Definitions(hub.apps, apps);
    this.#license.watch(async () => {
      const config = await reread();
      definitions.follow(config.apps ?? []).catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        if (!this.#closed) this.#show((shell) => shell.notify({ kind: "error", title: "The list of apps is not up to date", text }));
      });
      return config;
    });
  }

  /** Says on the page why it does not work. */
  failed(error: unknown): void {
    if (this.#closed) return;
    this.#stopped(error instanceof Error ? error.message : String(error));
    // Where the shell itself is what failed, nothing is left to say it on.
    this.#makeShell().catch(() => undefined);
  }

  /** Connects the page itself, as peer zero. */
  async #connect(): Promise<Hub> {
    const connected = connectPort(() => this.#greet(), { timeout: 60_000 });
    await this.#ready.promise;
    this.#hub = await connected;
    performance.mark(marks.connected);
    return this.#hub;
  }

  #makeShell(): Promise<Shell> {
    return (this.#making ??= this.#options.shell(this.#shellOptions()).then((shell) => {
      this.#shell = shell;
      shell.setHub(this.#status);
      for (const work of this.#unshown.splice(0)) work(shell);
      return shell;
    }));
  }

  #shellOptions(): ShellOptions {
    return {
      storageKey: "crossframe.workspace",
      contextOf: (instance) => this.#contexts.get(instance)?.context,
      on: {
        loaded: (frame) => this.#link.send(OpPageLoaded, frame, "", ""),
        removed: (frame) => frame !== undefined && this.#removed(frame),
        failed: (frame, fault) => frame !== undefined && this.#link.send(OpPageFailed, frame, "", JSON.stringify(fault)),
        retry: (frame, instance) => frame === undefined && void this.#restart(instance),
        mayCrash: () => this.#debug,
        crash: () => this.#link.exit(),
      },
    };
  }

  /** The session of whoever uses the tab now: another one where it was another's. Who does not say so in time is told apart later. */
  async #ownSession(session: string): Promise<string> {
    const patience = new Promise<string>((resolve) => setTimeout(resolve, HOLDER_MS, ""));
    if (keepHolder(await Promise.race([this.#token(), patience]))) return session;
    forgetSession();
    return claimSession();
  }

  /** Prepares for a broker: who brings the tokens, and, in development, whom one may be. */
  #joinBroker(link: LinkConfig): void {
    this.#token = toldOnce(tokenSource(link), (text) => {
      this.#show((shell) => shell.notify({ kind: "error", title: "Who you are could not be asked", text }));
    });
    const { development = [] } = link;
    if (development.length > 0) {
      this.#show((shell) => shell.setUsers({ list: development, current: developmentUser(link)?.id, choose: becomeDevelopmentUser }));
    }
    this.#setStatus({ broker: { state: LinkConnecting } });
  }

  /** The hub asked for a token. An empty one says that there is none. */
  async #bringToken(): Promise<void> {
    const token = await this.#token();
    if (!keepHolder(token)) {
      // The page is another's from now on, and begins anew.
      forgetSession();
      location.reload();
      return;
    }
    if (!this.#closed) this.#link.send(OpPageToken, 0, "", JSON.stringify({ token }));
  }

  /** Shows something, now or when the shell is there. */
  #show(work: (shell: Shell) => void): void {
    if (this.#shell) work(this.#shell);
    else this.#unshown.push(work);
  }

  /** Shows what the hub says of itself: when it has its configuration, and when the state of its license changes. */
  #said({ license, licenseUntilMs, warnings, fault }: BootResult): void {
    const { license: _, licenseUntilMs: _1, fault: _2, ...kept } = this.#status;
    this.#status = kept;
    this.#setStatus({
      ...(license === undefined ? {} : { license }),
      ...(licenseUntilMs === undefined ? {} : { licenseUntilMs }),
      ...(warnings === undefined ? {} : { warnings }),
      ...(fault === undefined ? {} : { fault }),
      // A hub that has run goes on for those who are connected.
      ...(fault !== undefined && !this.#hub ? { state: "stopped" as const } : {}),
    });
    this.#ready.resolve();
  }

  /** Brings a port of the page's own to the door. */
  #greet(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const greeting = JSON.stringify({ crossframe: MarkInitRequest, versions, app: "main", library: "main page" });
    this.#link.send(OpPageGreet, 0, location.origin, JSON.stringify({ main: true, ports: 1 }), greeting, port1);
    return port2;
  }

  /** What the hub asks of the page. */
  #message({ op, ref, head, body }: PageMessage): void {
    switch (op) {
      case OpPageReady:
        this.#said(JSON.parse(head) as BootResult);
        break;
      case OpPageOpen:
        this.#open(ref, JSON.parse(head) as FrameSpec, body);
        break;
      case OpPageClose:
        this.#show((shell) => shell.close(ref));
        this.#removed(ref);
        break;
      case OpPageChallenge:
        this.#show((shell) => shell.challenge(ref, JSON.parse(head) as Challenge));
        break;
      case OpPageState:
        this.#state(ref, JSON.parse(head) as FrameState);
        break;
      case OpPageLink:
        this.#setStatus({ broker: JSON.parse(head) as LinkState });
        break;
      case OpPageToken:
        void this.#bringToken();
        break;
    }
  }

  #open(frame: number, spec: FrameSpec, context: string | null): void {
    if (context !== null) this.#contexts.set(spec.instance, { frame, context: JSON.parse(context) });
    this.#show((shell) => shell.open(frame, spec));
  }

  #removed(frame: number): void {
    this.#link.send(OpPageRemoved, frame, "", "");
    this.#connected.delete(frame);
    for (const [instance, started] of this.#contexts) {
      if (started.frame === frame) this.#contexts.delete(instance);
    }
    this.#setStatus({ peers: this.#connected.size });
  }

  #state(frame: number, state: FrameState): void {
    this.#show((shell) => shell.setState(frame, state));
    this.#connected[state.state === StateConnected ? "add" : "delete"](frame);
    this.#setStatus({ peers: this.#connected.size });
  }

  #programStatus(status: Status): void {
    const { state, restarts, fault } = status;
    this.#setStatus({ state: state === "degraded" ? "stopped" : state, restarts, ...(fault ? { fault } : {}) });
    if (fault) this.#ready.resolve();
  }

  #notice(notice: Notice): void {
    this.#show((shell) => shell.notify({ kind: "error", title: "Not everything is kept", text: notice.text }));
  }

  #stopped(message: string): void {
    this.#setStatus({ state: "stopped", fault: this.#status.fault ?? { code: "HUB_NOT_READY", message } });
  }

  #setStatus(change: Partial<HubStatus>): void {
    // A hub that refused its configuration stays stopped, whatever its program does.
    const stays = this.#status.state === "stopped" && change.state !== undefined;
    const next = { ...this.#status, ...change, ...(stays ? { state: "stopped" as const } : {}), nowMs: this.#license.now() };
    if (next.state === "running" || next.state === "degraded") next.state = next.fault ? "degraded" : "running";
    this.#status = next;
    this.#shell?.setHub(this.#status);
  }

  /** Starts an instance again that could not be restored. */
  async #restart(instance: string): Promise<void> {
    const saved = this.#shell?.restored?.instances.find((one) => one.instance === instance);
    if (saved && this.#hub) {
      await this.#hub.apps.start(saved.app, { instance, waitFor: "created", context: saved.context }).catch(() => undefined);
    }
  }

  #close(): void {
    this.#closed = true;
    this.#door.close();
    this.#license.close();
    this.#hub?.close();
    this.#link.close();
    this.#shell?.dispose();
  }
}
