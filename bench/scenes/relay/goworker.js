// The relay in a Worker that calls an empty Go function for each message: below this no hub in Go can get.
import "wasm_exec";
import { relay } from "./relay.js";

onmessage = async ({ data }) => {
  const go = new Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch("/hop.wasm"), go.importObject);
  void go.run(instance);
  relay(data.ports, { ...data, each: () => instance.exports.turn(1, 2, 3) });
};
