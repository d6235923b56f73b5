/** The main page that the broker serves: takes its configuration from the server and starts the platform. */
import type { Load, ProgramFile } from "./runtime/messages.js";
import { startPlatform, type Platform, type PlatformConfig } from "./runtime/platform.js";
import type { Shell, ShellOptions } from "./ui/shell.js";

/** Filled in by the build: addresses of the hashed files. */
declare const __WASM_URL__: string;
declare const __WASM_INTEGRITY__: string;
declare const __LINKED_WASM_URL__: string;
declare const __LINKED_WASM_INTEGRITY__: string;
declare const __WORKER_URL__: string;

declare global {
  interface Window {
    /** The running platform, for the browser's console and for tests. Only where the configuration sets debug. */
    crossframe?: Platform;
  }
}

async function readConfig(): Promise<PlatformConfig> {
  const answer = await fetch("/config.json", { cache: "no-store", signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`the page's configuration could not be read: ${answer.status} ${answer.statusText}`);
  return (await answer.json()) as PlatformConfig;
}

/** Trusted Types allow exactly one script address beyond the page's own: the Worker's. */
function workerUrl(): string | URL {
  const { trustedTypes } = window as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } };
  const policy = trustedTypes?.createPolicy("hub-worker", {
    createScriptURL: (url: string) => {
      if (url !== __WORKER_URL__) throw new TypeError("only the hub's Worker may be started");
      return url;
    },
  });
  return policy ? policy.createScriptURL(__WORKER_URL__) : __WORKER_URL__;
}

/** The hub's program comes without what it needs to reach a broker, a third of its size, and with it. */
const programs: Readonly<Record<string, ProgramFile>> = {
  hub: { url: __WASM_URL__, integrity: __WASM_INTEGRITY__ },
  "hub-linked": { url: __LINKED_WASM_URL__, integrity: __LINKED_WASM_INTEGRITY__ },
};
const wanted = document.querySelector<HTMLMetaElement>('meta[name="crossframe-program"]')?.content ?? "hub";
const wasm = programs[wanted] ?? (programs["hub"] as ProgramFile);

/**
 * Starts the Worker, and in it the loading of the program. That takes as long as everything else here, on threads of
 * its own, so it comes first: this script is small, and it waits neither for the document nor for its style sheet.
 */
function startWorker(): Worker {
  const worker = new Worker(workerUrl(), { name: "crossframe-hub" });
  worker.postMessage({ kind: "load", wasm } satisfies Load);
  return worker;
}

/** Makes the shell. It measures what it lays out, so it wants the document and its style sheet. */
async function makeShell(options: ShellOptions): Promise<Shell> {
  const { createShell } = await import("./ui/shell.js");
  if (document.readyState !== "complete") await new Promise((done) => window.addEventListener("load", done, { once: true }));
  const root = document.querySelector<HTMLElement>("#workspace");
  if (!root) throw new Error("the page has no element #workspace");
  return createShell(root, options);
}

const worker = startWorker();
const config = readConfig();
startPlatform({ shell: makeShell, config, reread: readConfig, worker: () => worker, wasm }).then(
  async (platform) => {
    if ((await config).debug === true) window.crossframe = platform;
  },
  (error: unknown) => console.error("Crossframe did not start:", error),
);
