/** The main page that the broker serves: takes its configuration from the server and starts the platform. */
import { startPlatform, type Platform, type PlatformConfig } from "./runtime/platform.js";

/** Filled in by the build: addresses of the hashed files. */
declare const __WASM_URL__: string;
declare const __WASM_INTEGRITY__: string;
declare const __WORKER_URL__: string;

declare global {
  interface Window {
    /** The running platform, for the browser's console and for tests. Only where the configuration sets debug. */
    crossframe?: Platform;
  }
}

async function readConfig(): Promise<PlatformConfig> {
  const answer = await fetch("/config.json", { cache: "no-store" });
  if (!answer.ok) {
    throw new Error(`the page's configuration could not be read: ${answer.status} ${answer.statusText}`);
  }
  return (await answer.json()) as PlatformConfig;
}

/** Trusted Types allow exactly one script address beyond the page's own: the Worker's. */
function workerUrl(): string | URL {
  const { trustedTypes } = window as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } };
  const policy = trustedTypes?.createPolicy("hub-worker", {
    createScriptURL: (url: string) => {
      if (url !== __WORKER_URL__) {
        throw new TypeError("only the hub's Worker may be started");
      }
      return url;
    },
  });
  return policy ? policy.createScriptURL(__WORKER_URL__) : __WORKER_URL__;
}

const root = document.querySelector<HTMLElement>("#crossframe");
if (root) {
  const config = readConfig();
  startPlatform({
    root,
    config,
    worker: () => new Worker(workerUrl(), { name: "crossframe-hub" }),
    wasm: { url: __WASM_URL__, integrity: __WASM_INTEGRITY__ },
  }).then(
    async (platform) => {
      if ((await config).debug === true) {
        window.crossframe = platform;
      }
    },
    (error: unknown) => console.error("Crossframe did not start:", error),
  );
}
