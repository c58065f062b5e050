import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { waitUntil } from "../support/wait-until.js";
import { endAll, type Holdfast, startHoldfast } from "./support/holdfast.js";

const echo = fileURLToPath(new URL("./fixtures/echo-signals.mjs", import.meta.url));
const passed = ["SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"] as const;

afterEach(endAll);

async function started(options: readonly string[], command: readonly string[]): Promise<Holdfast> {
  const nodes = sharedServers().flatMap(({ url }) => ["--node", url]);
  const resource = `cli-signals-${process.pid}-${Math.random()}`;
  const running = await startHoldfast([
    "run",
    "--resource",
    resource,
    ...nodes,
    ...options,
    "--",
    ...command,
  ]);
  await waitUntil("the command is ready", 10_000, () => running.stdout.includes("ready"));
  return running;
}

test.each([
  ["in its own group", []],
  ["in the foreground", ["--foreground"]],
])("signals reach a command %s, and its exit code is passed on", async (_where, options) => {
  const running = await started(options, [process.execPath, echo]);
  for (const signal of passed) {
    running.kill(signal);
    await waitUntil(`${signal} is passed on`, 5_000, () => running.stdout.includes(`${signal}\n`));
  }
  running.kill("SIGTERM");
  const { code, stdout } = await running.ended;
  expect(code).toBe(5);
  for (const signal of [...passed, "SIGTERM"]) expect(stdout.split(`${signal}\n`)).toHaveLength(2);
});

test("a signal reaches the whole group", async () => {
  const running = await started(
    [],
    ["sh", "-c", `trap '' USR1; '${process.execPath}' '${echo}' & wait; wait`],
  );
  running.kill("SIGUSR1");
  await waitUntil("the grandchild has it", 5_000, () => running.stdout.includes("SIGUSR1\n"));
  running.kill("SIGTERM");
  expect(await running.ended).toMatchObject({ code: 143 });
});

test("Ctrl-Z does not suspend: a lock that is not renewed would be lost", async () => {
  const running = await started([], [process.execPath, echo]);
  running.kill("SIGTSTP");
  await waitUntil("it says so", 5_000, () => running.stderr.includes("not suspended"));
  running.kill("SIGTERM");
  expect(await running.ended).toMatchObject({ code: 5 });
});
