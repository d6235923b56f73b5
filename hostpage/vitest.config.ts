import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const goroot = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();

// The one default export of this folder besides its sibling: vitest reads its configuration from there.
export default defineConfig({
  resolve: {
    alias: {
      wasm_exec: resolve(goroot, "lib/wasm/wasm_exec.js"),
      "@crossframe/client": resolve(import.meta.dirname, "../clientlib/src/index.ts"),
    },
  },
  // The real hub runs in some of these tests, on machines that have other work as well.
  test: { include: ["src/**/*.test.ts", "test/**/*.test.ts"], environment: "node", testTimeout: 60_000 },
});
