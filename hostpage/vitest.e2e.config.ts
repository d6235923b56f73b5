import { defineConfig } from "vitest/config";

// One browser at a time: the tests measure frames that are laid out and dragged, and machines are small.
export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    globalSetup: ["e2e/rig/setup.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
