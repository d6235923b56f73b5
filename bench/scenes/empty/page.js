// A page with an empty Go program in a Worker: what any Go program costs.
new Worker("/empty/worker.js").onmessage = () => (globalThis.readyAt = performance.now());
