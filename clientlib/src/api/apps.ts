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
import { readHead, wholeMs, type Message } from "../messages.js";
import type { StandingRequests } from "../standing.js";
import { createRoster } from "./roster.js";

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
export interface Apps {
  /** Starts an app and resolves with its instance. */
  start(app: string, options?: StartOptions): Promise<InstanceInfo>;
  /** Stops an instance that this app started; with the grant "admin" any. */
  stop(instance: string): Promise<void>;
  /** Lists the definitions. */
  list(): Promise<readonly Definition[]>;
  /** Lists the instances. */
  instances(): Promise<readonly InstanceInfo[]>;
  /** Tells the instances that are there now, and from then on what changes. */
  watch(listener: (change: AppsChange) => void): Promise<() => Promise<void>>;
  /** Adds definitions, or replaces those of the same name. Needs the grant "admin". */
  define(apps: readonly Definition[]): Promise<void>;
  /** Removes a definition. Needs the grant "admin". */
  remove(app: string): Promise<void>;
}

export function createApps({ request }: Connection, { route, start }: StandingRequests): Apps {
  const instancesOf = (m: Message) => readHead<InstanceList>(m).instances ?? [];
  route(OpAppChanged);
  return {
    start(app, { waitFor, timeout, placement, instance, signal, context } = {}) {
      const head = { waitFor, timeoutMs: wholeMs(timeout), placement, instance };
      const out = { op: OpAppStart, name: app, head, body: context };
      return request(out, (m) => readHead<InstanceInfo>(m), { timeout, signal });
    },

    stop: (instance) => request({ op: OpAppStop, name: instance }),
    list: () => request({ op: OpAppList }, (m) => readHead<AppList>(m).apps ?? []),
    instances: () => request({ op: OpAppInstances }, instancesOf),

    watch(listener) {
      const known = createRoster<InstanceInfo>(({ instance }) => instance);
      const told = ({ defined = [], removed = [], instances = [], stopped = [] }: Partial<AppsChange>) => {
        known.note(instances, stopped);
        listener({ defined, removed, instances, stopped });
      };
      return start({
        ask: { op: OpAppWatch },
        end: OpAppUnwatch,
        what: "apps.watch",
        first(m) {
          const instances = instancesOf(m);
          told({ instances, stopped: known.difference(instances)[1] });
        },
        event: (m) => told(readHead<AppChange>(m)),
      });
    },

    define: (apps) => request({ op: OpAppDefine, head: { apps } }),
    remove: (app) => request({ op: OpAppRemove, name: app }),
  };
}
