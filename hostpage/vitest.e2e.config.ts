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
    // How long something may take to come true. Whoever waits goes on as soon as it is; a loaded machine needs more than
    // vitest's second.
    expect: { poll: { timeout: 10_000 } },
  },
});
