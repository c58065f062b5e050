import { defineConfig } from "vitest/config";

const redis = {
  globalSetup: ["test/support/global-setup.ts"],
  // It is published as TypeScript only.
  server: { deps: { inline: [/node-redlock/] } },
  // Not how long a test may take, but when it is taken to hang: on a busy machine one may take ten times as long.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // The same for what a test waits for; the default is a second.
  expect: { poll: { timeout: 20_000 } },
  // They wait for servers, for leases to run out, for processes to start and to end: more at a time than there are cores,
  // and only when the others, which compute, are through.
  maxWorkers: 3,
  sequence: { groupOrder: 1 },
};

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
          exclude: ["test/**/*.redis.test.ts", "test/package/**", "test/inspector/browser/**"],
          testTimeout: 60_000,
          provide: { grouping: true },
        },
      },
      {
        test: {
          // The inspector's page, in a real browser: needs a build. The one with real servers is among those below.
          name: "browser",
          include: ["test/inspector/browser/*.test.ts"],
          exclude: ["test/**/*.redis.test.ts"],
          testTimeout: 60_000,
          // After all others, and one file after the other: frames are counted, and share the machine with nobody.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          // What is asked in one turn goes command by command (`grouping: false`), and everything must hold as well.
          name: "unit, one by one",
          include: ["test/manager/*.test.ts", "test/safety/*.test.ts"],
          provide: { grouping: false },
        },
      },
      {
        test: {
          // What users install: needs a build, and installs the packed package into an empty folder.
          name: "package",
          include: ["test/package/*.test.ts"],
          testTimeout: 60_000,
          // They wait for installations: with those that wait for servers.
          maxWorkers: redis.maxWorkers,
          sequence: redis.sequence,
        },
      },
      {
        test: {
          ...redis,
          name: "redis",
          include: ["test/**/*.redis.test.ts"],
          provide: { grouping: true },
        },
      },
      {
        test: {
          ...redis,
          // Those of them that are cheap, and whose managers are made in the test's own process.
          name: "redis, one by one",
          include: ["abort", "clean-up", "cluster", "hung-nodes", "mixed-quorum", "redlock-interop"].map(
            (suite) => `test/locks/${suite}.redis.test.ts`,
          ),
          provide: { grouping: false },
        },
      },
    ],
  },
});
