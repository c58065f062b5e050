import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { waitUntil } from "../support/wait-until.js";
import { builtCommand } from "./support/build.js";
import { endAll, type Holdfast, startHoldfast } from "./support/holdfast.js";

const echo = fileURLToPath(new URL("./fixtures/echo-signals.mjs", import.meta.url));
const passed = ["SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"] as const;

afterEach(endAll);

function runArguments(options: readonly string[], command: readonly string[]): string[] {
  const nodes = sharedServers().flatMap(({ url }) => ["--node", url]);
  const resource = `cli-signals-${process.pid}-${Math.random()}`;
  return ["run", "--resource", resource, ...nodes, ...options, "--", ...command];
}

async function started(options: readonly string[], command: readonly string[]): Promise<Holdfast> {
  const running = await startHoldfast(runArguments(options, command), { detached: true });
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

/** Runs a line of the shell in a terminal of its own. `script` is a part of util-linux. */
function inTerminal(line: string) {
  const terminal = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...process.env, SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void terminal.kill("SIGKILL"));
  const shown = { text: "", ended: once(terminal, "exit") };
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown.text += text;
  });
  return { shown, type: (keys: string) => terminal.stdin.write(keys) };
}

test.runIf(process.platform === "linux").each([
  ["the terminal", ""],
  ["something else", "</dev/null"],
])("Ctrl-C reaches a command in the foreground once if its input is %s", async (_input, redirection) => {
  const words = runArguments(["--foreground"], [process.execPath, echo]);
  const run = [process.execPath, await builtCommand(), ...words].map((word) => `'${word}'`).join(" ");
  const { shown, type } = inTerminal(`echo "pid $$;"; exec ${run} ${redirection}`);
  await waitUntil("the command is ready", 10_000, () => shown.text.includes("ready"));
  type("\x03");
  const shows = (signal: string) =>
    waitUntil(`the command has ${signal}`, 5_000, () => shown.text.includes(`${signal}\r\n`));
  await shows("SIGINT");
  // Those are passed on one after the other, and after anything that holdfast made of Ctrl-C.
  const pid = Number(/pid (\d+);/.exec(shown.text)?.[1]);
  for (const signal of ["SIGUSR1", "SIGUSR2", "SIGTERM"] as const) {
    process.kill(pid, signal);
    await shows(signal);
  }
  expect(await shown.ended).toEqual([5, null]);
  expect(shown.text.match(/SIG\w+\r/g)).toEqual(["SIGINT\r", "SIGUSR1\r", "SIGUSR2\r", "SIGTERM\r"]);
});

test("Ctrl-Z does not suspend: a lock that is not renewed would be lost", async () => {
  const running = await started([], [process.execPath, echo]);
  running.kill("SIGTSTP");
  await waitUntil("it says so", 5_000, () => running.stderr.includes("not suspended"));
  running.kill("SIGTERM");
  expect(await running.ended).toMatchObject({ code: 5 });
});
