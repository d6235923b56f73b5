/** The main page that the broker serves: takes its configuration from the server and starts the platform. */
import type { Load, ProgramFile } from "./runtime/messages.js";
import type { Platform, PlatformConfig } from "./runtime/platform.js";

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
 * Starts the Worker, and in it the loading of the program. Both take as long as everything else here, on threads of
 * their own, so they come first: the rest of this script is not even evaluated before the import below.
 */
function startWorker(): Worker {
  const worker = new Worker(workerUrl(), { name: "crossframe-hub" });
  worker.postMessage({ kind: "load", wasm } satisfies Load);
  return worker;
}

const root = document.querySelector<HTMLElement>("#workspace");
if (root) {
  const config = readConfig();
  const worker = startWorker();
  // The build puts it into the same file, so that it comes within this task: an error of the Worker finds its listener.
  import("./runtime/platform.js")
    .then(({ startPlatform }) => startPlatform({ root, config, reread: readConfig, worker: () => worker, wasm }))
    .then(
      async (platform) => {
        if ((await config).debug === true) window.crossframe = platform;
      },
      (error: unknown) => console.error("Crossframe did not start:", error),
    );
}
