import type { AuditEvent, Definition, Fault, FrameSpec } from "@crossframe/protocol";
import { createShell } from "../../src/ui/shell.js";
import type { Shell } from "../../src/ui/shell.js";

/** What the tests reach of the page. */
export interface TestPage {
  readonly shell: Shell;
  /** Boot ids by app, in the order in which they came. */
  readonly boots: Record<string, string[]>;
  /** Which frame and window each boot message came from, by app. */
  readonly senders: Record<string, { readonly frame: number; readonly window: number } | undefined>;
  readonly heard: unknown[];
  readonly calls: (readonly [string, ...unknown[]])[];
  open(frame: number, app: string, spec?: Partial<FrameSpec>): void;
  attach(apps: readonly Definition[]): Promise<void>;
  audit(event: AuditEvent): void;
}

declare global {
  interface Window {
    test: TestPage;
  }
}

const sandbox = ["allow-scripts", "allow-same-origin", "allow-forms", "allow-popups", "allow-modals", "allow-downloads"];
const root = document.getElementById("workspace");
if (!root) throw new Error("start page: it has no element #workspace");

const calls: [string, ...unknown[]][] = [];
const boots: TestPage["boots"] = {};
const senders: TestPage["senders"] = {};
const heard: unknown[] = [];
let tellAudit: (event: AuditEvent) => void = () => undefined;

const shell = createShell(root, {
  storageKey: "test.workspace",
  contextOf: () => undefined,
  on: {
    loaded: (frame) => calls.push(["loaded", frame]),
    removed: (frame, instance) => calls.push(["removed", frame, instance]),
    failed: (frame, fault: Fault) => calls.push(["failed", frame, fault]),
    retry: (frame, instance) => calls.push(["retry", frame, instance]),
    mayCrash: () => true,
    crash: () => calls.push(["crash"]),
  },
});

addEventListener("message", ({ data, source }: MessageEvent<{ boot?: string; heard?: unknown; app: string }>) => {
  if (data.heard !== undefined) heard.push(data.heard);
  if (data.boot === undefined) return;
  (boots[data.app] ??= []).push(data.boot);
  senders[data.app] = shell.frames.resolve(source);
});

window.test = {
  shell,
  boots,
  senders,
  heard,
  calls,
  open: (frame, app, spec = {}) =>
    shell.open(frame, {
      instance: `${app}-1`,
      app,
      title: app[0]?.toUpperCase() + app.slice(1),
      url: `http://${app}.test:${location.port}/`,
      sandbox,
      ...spec,
    }),
  attach: (apps) =>
    shell.attach({
      apps: {
        list: () => Promise.resolve(apps),
        start: (app) => {
          calls.push(["start", app]);
          return app === "broken" ? Promise.reject(new Error("No app definition has that name.")) : Promise.resolve();
        },
      },
      audit: {
        watch: (listener) => {
          tellAudit = listener;
          return Promise.resolve(() => undefined);
        },
      },
    }),
  audit: (event) => tellAudit(event),
};
