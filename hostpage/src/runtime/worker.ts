/** The Worker in which the hub runs. */
import type { ToWorker } from "./messages.js";
import { Supervisor } from "./supervisor.js";

let supervisor: Supervisor | undefined;

self.onmessage = (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  switch (message.kind) {
    case "start":
      supervisor ??= new Supervisor(message, (out) => self.postMessage(out));
      void supervisor.run();
      break;
    case "page":
      supervisor?.page(message);
      break;
    case "exit":
      supervisor?.exit();
      break;
  }
};
