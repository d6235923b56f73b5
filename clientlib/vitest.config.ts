import { defineConfig } from "vitest/config";

export const config = defineConfig({
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});

// Vitest reads its configuration from the default export.
export { config as default };
