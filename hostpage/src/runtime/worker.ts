/** The Worker in which the hub runs. */
import type { Awake, ToWorker } from "./messages.js";
import { load, type Loaded } from "./program.js";
import { Supervisor } from "./supervisor.js";

let supervisor: Supervisor | undefined;
let loading: Promise<Loaded> | undefined;

self.onmessage = (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  switch (message.kind) {
    case "load":
      loading = load(message.wasm);
      // Whether it failed is for the supervisor to tell.
      loading.catch(() => undefined);
      self.postMessage({ kind: "awake" } satisfies Awake);
      break;
    case "start":
      supervisor ??= new Supervisor(message, (out) => self.postMessage(out), loading);
      void supervisor.run();
      break;
    case "page":
      supervisor?.page(message);
      break;
    case "license":
      supervisor?.license(message);
      break;
    case "exit":
      supervisor?.exit();
      break;
  }
};
