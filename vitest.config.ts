import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    maxWorkers: 2,
    retry: 0,
    allowOnly: !process.env.CI,
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.redis.test.ts", "test/package/**"],
        },
      },
      {
        test: {
          // What users install: needs a build, and installs the packed package into an empty folder.
          name: "package",
          include: ["test/package/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "redis",
          include: ["test/**/*.redis.test.ts"],
          globalSetup: ["test/support/global-setup.ts"],
          // It is published as TypeScript only.
          server: { deps: { inline: [/node-redlock/] } },
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
