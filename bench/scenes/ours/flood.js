/** What floods the hub past the client library: it holds the library's own port and posts whatever it likes there. */
import { OpContextGet } from "@crossframe/protocol";

/** Must be called before connecting. Returns flood(count), which posts so many requests at once. */
export function holdPort() {
  let port;
  let connectionId = "";
  const Original = globalThis.MessageChannel;
  globalThis.MessageChannel = class extends Original {
    constructor() {
      super();
      port = this.port1;
      port.addEventListener("message", ({ data }) => (connectionId = data[0]));
    }
  };
  return (count) => {
    for (let i = 0; i < count; i++) port.postMessage([connectionId, OpContextGet, 1_000_000 + i, 0, 0, "bench.none", "", null]);
  };
}
