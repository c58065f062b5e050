import { defineConfig } from "vitest/config";

/**
 * `npm test` runs the projects "unit", "cli" and "redis"; `npm run test:all` runs the others. The name of a file says
 * where it belongs:
 *
 *   name.test.ts             "unit", or "cli" for some tests of the command line: needs no server
 *   name.redis.test.ts       "redis": runs on real servers
 *   name.slow.test.ts        "unit, slow"
 *   name.slow.redis.test.ts  "redis, slow"
 *
 * Some slow files take so long that only `npm run test:full` runs them: "unit, long" and "redis, long".
 * The folders test/package and test/rules are projects of their own, and so are test/inspector/browser and test/site together.
 */
const slow = "test/**/*.slow.*";
const onServers = "test/**/*.redis.test.ts";
/** These run the command line in the test's process, which notes the secrets that it must not print. */
const commandLine = ["test/cli/{chart,nodes,redact,ui,usage}.test.ts", "test/hostile/command-line.test.ts"];
/** These search with few seeds or inputs in `npm test`, and with all of them in `npm run test:full`. */
export const searches = [
  "test/hostile/bad-input-guard.test.ts",
  "test/hostile/bad-input-inspector.test.ts",
  "test/hostile/bad-input-redlock.test.ts",
  "test/hostile/bad-input.test.ts",
  "test/hostile/command-line.test.ts",
  "test/hostile/handover.test.ts",
  "test/hostile/odd-input.test.ts",
  "test/hostile/replies.test.ts",
  "test/inspector/server/server-hostile.test.ts",
  "test/machines/lock-table.test.ts",
  "test/machines/table-logic.test.ts",
  "test/manager/several-resources.test.ts",
  "test/manager/waiting-order.test.ts",
  "test/safety/rule-01-exclusion.test.ts",
  "test/simulation/replay.test.ts",
  "test/simulation/user-program.test.ts",
];
/** Slow tests that only `npm run test:full` runs. */
const longTests = [
  "test/cli/chart.slow.test.ts",
  "test/cli/demo-page.slow.test.ts",
  "test/cli/unreachable.slow.test.ts",
  "test/inspector/server/backpressure.slow.test.ts",
  "test/load/overload.slow.test.ts",
  "test/simulation/simulation.slow.test.ts",
  "test/simulation/switches.slow.test.ts",
  "test/site/site.slow.test.ts",
];
/** Tests in a browser that only `npm run test:full` runs. */
const longPages = [
  "test/inspector/browser/chart.test.ts",
  "test/inspector/browser/history.test.ts",
  "test/inspector/browser/kinds.redis.test.ts",
  "test/inspector/browser/live-and-replay.test.ts",
  "test/inspector/browser/many-locks.test.ts",
  "test/inspector/browser/story.test.ts",
  "test/site/playground.test.ts",
];
/** The slow tests on servers that `npm run test:all` runs. `npm run test:full` runs the others. */
const slowOnServers = [
  "test/contract/glide.slow.redis.test.ts",
  "test/contract/iovalkey.slow.redis.test.ts",
  "test/examples/clients.slow.redis.test.ts",
  "test/examples/examples.slow.redis.test.ts",
  "test/examples/frameworks.slow.redis.test.ts",
  "test/examples/migrating.slow.redis.test.ts",
  "test/faults/soak.slow.redis.test.ts",
  "test/locks/overlap.slow.redis.test.ts",
  "test/locks/renewals.slow.redis.test.ts",
];
const folders = ["test/package/**", "test/inspector/browser/**", "test/rules/**", "test/site/**"];

const shared = {
  // This is when a test is taken to hang. A busy machine may take ten times as long as a quiet one.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Tests provoke the library's warnings. Tests that check a warning listen to it.
  execArgv: ["--disable-warning=HoldfastWarning"],
};

const redis = {
  ...shared,
  globalSetup: ["test/support/global-setup.ts"],
  // This package is published as TypeScript only.
  server: { deps: { inline: [/node-redlock/] } },
  // The default is a second.
  expect: { poll: { timeout: 20_000 } },
  // These tests wait for servers, for leases to expire and for processes: more files at a time than there are cores, and
  // only after the tests that compute.
  maxWorkers: 4,
  sequence: { groupOrder: 1 },
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    retry: 0,
    allowOnly: !process.env.CI,
    passWithNoTests: false,
    reporters: ["dot"],
    // What a test prints is shown when the test fails. HOLDFAST_FIGURES=1 shows the figures that passing tests print.
    silent: process.env.HOLDFAST_FIGURES ? false : "passed-only",
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [onServers, slow, ...folders, ...commandLine],
          provide: { grouping: true, thorough: false },
          // To start a process and load the library for each file would take longer than the tests of most files.
          isolate: false,
        },
      },
      {
        test: {
          // Isolated, because other tests must not see those secrets.
          ...shared,
          name: "cli",
          include: commandLine,
          exclude: [onServers, slow],
          provide: { grouping: true, thorough: false },
        },
      },
      {
        test: {
          ...redis,
          name: "redis",
          include: [onServers],
          exclude: [slow, ...folders],
          provide: { grouping: true, thorough: false },
          // As for "unit". The files of a worker also share the process that starts servers.
          isolate: false,
        },
      },
      {
        test: {
          ...shared,
          name: "unit, slow",
          include: ["test/**/*.slow.test.ts"],
          exclude: longTests,
          provide: { grouping: true, thorough: true },
        },
      },
      {
        test: {
          ...shared,
          name: "unit, long",
          include: [...searches, ...longTests],
          provide: { grouping: true, thorough: true },
        },
      },
      {
        test: {
          // Commands of one tick are sent one by one (`grouping: false`), and everything must hold as well.
          ...shared,
          name: "unit, one by one",
          include: ["test/manager/*.test.ts", "test/safety/*.test.ts"],
          provide: { grouping: false, thorough: false },
          isolate: false,
        },
      },
      {
        test: {
          ...redis,
          name: "redis, slow",
          include: slowOnServers,
          provide: { grouping: true, thorough: false },
        },
      },
      {
        test: {
          ...redis,
          name: "redis, long",
          include: ["test/**/*.slow.redis.test.ts"],
          exclude: slowOnServers,
          provide: { grouping: true, thorough: false },
        },
      },
      {
        test: {
          // The cheap ones whose managers are created in the test's own process.
          ...redis,
          name: "redis, one by one",
          include: ["abort", "clean-up", "cluster", "mixed-quorum", "redlock-interop"].map(
            (suite) => `test/locks/${suite}.redis.test.ts`,
          ),
          provide: { grouping: false, thorough: true },
        },
      },
      {
        test: {
          // What users install: needs a build, and installs the packed package into an empty folder.
          ...shared,
          name: "package",
          include: ["test/package/*.test.ts"],
          // These tests wait for installations.
          maxWorkers: redis.maxWorkers,
          sequence: redis.sequence,
        },
      },
      {
        test: {
          // The inspector's page and the playground in a real browser: needs a build.
          ...redis,
          name: "browser",
          include: ["test/inspector/browser/*.test.ts", "test/site/*.test.ts"],
          exclude: [slow, ...longPages],
          // As many at a time as there are cores: a browser computes while it waits for nobody.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          provide: { grouping: true, thorough: false },
        },
      },
      {
        test: {
          ...redis,
          name: "browser, long",
          include: longPages,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          provide: { grouping: true, thorough: false },
        },
      },
      {
        test: {
          // This test runs other tests, over copies of the sources in which a rule is switched off: two at a time.
          name: "rules",
          include: ["test/rules/*.test.ts"],
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
