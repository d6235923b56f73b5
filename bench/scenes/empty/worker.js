import "wasm_exec";

const go = new Go();
void WebAssembly.instantiateStreaming(fetch("/empty.wasm"), go.importObject).then(({ instance }) => {
  void go.run(instance);
  postMessage("runs");
});
