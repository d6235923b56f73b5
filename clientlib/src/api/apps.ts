import {
  OpAppChanged,
  OpAppDefine,
  OpAppInstances,
  OpAppList,
  OpAppRemove,
  OpAppStart,
  OpAppStop,
  OpAppUnwatch,
  OpAppWatch,
  type AppChange,
  type AppList,
  type Definition,
  type InstanceInfo,
  type InstanceList,
} from "@crossframe/protocol";
import type { Connection } from "../connection.js";
import { readHead, wholeMs } from "../messages.js";
import type { StandingRequests } from "../standing.js";
import { Roster } from "./roster.js";

export interface StartOptions {
  /** What the app finds as hub.me.context. */
  readonly context?: unknown;
  /** When to resolve: when the app is "connected", the default, or as soon as its frame is "created". */
  readonly waitFor?: "connected" | "created" | undefined;
  /** How long the app may take to connect, in milliseconds; 20 000 by default. */
  readonly timeout?: number | undefined;
  /** A hint to the main page's workspace. */
  readonly placement?: unknown;
  /** Gives waiting up; the app starts all the same. */
  readonly signal?: AbortSignal | undefined;
  /** A given instance id; for the main page only. */
  readonly instance?: string | undefined;
}

/** What a watch of the apps tells. Every list may be empty. */
export interface AppsChange {
  /** Definitions that came or changed. */
  readonly defined: readonly Definition[];
  /** Names of definitions that went. */
  readonly removed: readonly string[];
  /** Instances that came or changed. */
  readonly instances: readonly InstanceInfo[];
  readonly stopped: readonly InstanceInfo[];
}

/** Apps: what there is, what runs, starting and stopping. */
export class Apps {
  readonly #connection: Connection;
  readonly #standing: StandingRequests;

  /** @internal */
  constructor(connection: Connection, standing: StandingRequests) {
    this.#connection = connection;
    this.#standing = standing;
    standing.route(OpAppChanged);
  }

  /** Starts an app and resolves with its instance. */
  start(app: string, options: StartOptions = {}): Promise<InstanceInfo> {
    const { waitFor, timeout, placement, instance, signal, context } = options;
    const head = { waitFor, timeoutMs: wholeMs(timeout), placement, instance };
    return this.#connection.request({ op: OpAppStart, name: app, head, body: context }, (m) => readHead<InstanceInfo>(m), {
      timeout,
      signal,
    });
  }

  /** Stops an instance that this app started; with the grant "admin" any. */
  stop(instance: string): Promise<void> {
    return this.#connection.request({ op: OpAppStop, name: instance }, () => {});
  }

  /** Lists the definitions. */
  list(): Promise<readonly Definition[]> {
    return this.#connection.request({ op: OpAppList }, (m) => readHead<AppList>(m).apps ?? []);
  }

  /** Lists the instances. */
  instances(): Promise<readonly InstanceInfo[]> {
    return this.#connection.request({ op: OpAppInstances }, (m) => readHead<InstanceList>(m).instances ?? []);
  }

  /** Tells the instances that are there now, and from then on what changes. */
  watch(listener: (change: AppsChange) => void): Promise<() => Promise<void>> {
    const known = new Roster<InstanceInfo>(({ instance }) => instance);
    const tell = ({ defined = [], removed = [], instances = [], stopped = [] }: Partial<AppsChange>) => {
      known.note(instances, stopped);
      listener({ defined, removed, instances, stopped });
    };
    return this.#standing.start({
      ask: { op: OpAppWatch },
      end: OpAppUnwatch,
      what: "apps.watch",
      first: (m) => {
        const instances = readHead<InstanceList>(m).instances ?? [];
        tell({ instances, stopped: known.difference(instances)[1] });
      },
      event: (m) => tell(readHead<AppChange>(m)),
    });
  }

  /** Adds definitions, or replaces those of the same name. Needs the grant "admin". */
  define(apps: readonly Definition[]): Promise<void> {
    return this.#connection.request({ op: OpAppDefine, head: { apps } }, () => {});
  }

  /** Removes a definition. Needs the grant "admin". */
  remove(app: string): Promise<void> {
    return this.#connection.request({ op: OpAppRemove, name: app }, () => {});
  }
}
