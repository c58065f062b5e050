import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { deadlineIn } from "../../src/cli/deadline.js";
import { killMargin } from "../../src/cli/guard.js";
import { startOf } from "../../src/cli/processes.js";
import type { WatchdogMessage } from "../../src/cli/watchdog-messages.js";
import { waitUntil } from "../support/wait-until.js";
import { builtCommand } from "./support/build.js";
import { isGone } from "./support/processes.js";
import { createReporter } from "./support/reporter.js";

const grace = 500;
let serial = 0;

/** A job under a watchdog. */
async function begin({ onTestFinished }: TestContext) {
  const mark = `HOLDFAST_RUN=watchdog-test-${process.pid}-${serial++}`;
  const reporter = await createReporter();
  onTestFinished(() => reporter.remove());
  const program = join(dirname(await builtCommand()), "watchdog.js");
  const watchdog = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "ignore"], detached: true });
  onTestFinished(() => void watchdog.kill("SIGKILL"));
  await waitUntil("the watchdog is ready", 10_000, () => String(watchdog.stdout?.read() ?? "") === "ready\n");
  const [name = "", ...args] = reporter.command(true);
  const [variable = "", value] = mark.split("=");
  const env = { ...process.env, [variable]: value };
  const job = spawn(name, args, { detached: true, stdio: "ignore", env });
  onTestFinished(() => void job.kill("SIGKILL"));
  await reporter.works();
  const send = (message: WatchdogMessage) => watchdog.stdin?.write(`${JSON.stringify(message)}\n`);
  return {
    mark,
    reporter,
    watchdog,
    send,
    starting: () => send({ kind: "starting", mark, ownGroup: true, grace, json: false }),
    start: (recognised = startOf(Number(job.pid)) ?? null) =>
      send({ kind: "started", pid: Number(job.pid), start: recognised }),
    isEnded: () => waitUntil("the watchdog has ended", 10_000, () => watchdog.exitCode !== null),
  };
}

// The tests wait for deadlines, and are independent of each other.

test.concurrent("a deadline that is not extended leads to SIGTERM, the grace, SIGKILL and the watchdog's end", async (context) => {
  const { reporter, send, starting, start, isEnded } = await begin(context);
  const deadline = deadlineIn(2_500);
  starting();
  send({ kind: "deadline", ...deadline });
  start();
  await isEnded();
  const ended = Date.now();
  expect(reporter.terms).toHaveLength(1);
  expect(reporter.terms[0]).toBeLessThanOrEqual(deadline.epoch - grace);
  expect(reporter.lastAlive).toBeLessThan(deadline.epoch);
  expect(ended).toBeGreaterThanOrEqual(deadline.epoch - killMargin);
});

test.concurrent("the clock that leaves less time counts", async (context) => {
  const { reporter, send, starting, start, isEnded } = await begin(context);
  const far = deadlineIn(60_000);
  const near = deadlineIn(2_000);
  starting();
  send({ kind: "deadline", monotonic: far.monotonic, epoch: near.epoch });
  start();
  await isEnded();
  expect(reporter.lastAlive).toBeLessThan(near.epoch);
});

test.concurrent("the end of the pipe ends the job, long before the deadline", async (context) => {
  const { reporter, watchdog, send, starting, start, isEnded } = await begin(context);
  starting();
  send({ kind: "deadline", ...deadlineIn(60_000) });
  start();
  const died = Date.now();
  watchdog.stdin?.end();
  await isEnded();
  expect(reporter.terms).toHaveLength(1);
  expect(reporter.lastAlive - died).toBeLessThan(grace + 1_000);
});

test
  .runIf(process.platform === "linux")
  .concurrent("a job is found by its mark if holdfast died before sending the pid", async (context) => {
    const { reporter, watchdog, starting, isEnded } = await begin(context);
    starting();
    watchdog.stdin?.end();
    await isEnded();
    await reporter.isEnded(1_000);
    expect(reporter.terms).toHaveLength(1);
  });

test.concurrent("another process with the job's pid is left alone", async (context) => {
  const { mark, reporter, watchdog, send, start, isEnded } = await begin(context);
  send({ kind: "starting", mark: `${mark}-of-another`, ownGroup: true, grace, json: false });
  start("an earlier process");
  watchdog.stdin?.end();
  await isEnded();
  expect(isGone(reporter.pid)).toBe(false);
  expect(reporter.terms).toEqual([]);
});

test.concurrent("a job that was asked to end is not asked again", async (context) => {
  const { reporter, send, starting, start, isEnded } = await begin(context);
  starting();
  send({ kind: "deadline", ...deadlineIn(60_000) });
  start();
  send({ kind: "ending", grace, groupOnly: false });
  await isEnded();
  expect(reporter.terms).toEqual([]);
  await reporter.isEnded(1_000);
});

test.concurrent("the watchdog ends when the command has ended, and signals no process", async (context) => {
  const { reporter, send, starting, start, isEnded } = await begin(context);
  starting();
  start();
  send({ kind: "done" });
  await isEnded();
  expect(isGone(reporter.pid)).toBe(false);
  expect(reporter.terms).toEqual([]);
});

test.concurrent("signals that end other processes do not end the watchdog", async (context) => {
  const { reporter, watchdog, send, starting, start, isEnded } = await begin(context);
  starting();
  start();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) watchdog.kill(signal);
  send({ kind: "deadline", ...deadlineIn(1_500) });
  await isEnded();
  await reporter.isEnded(1_000);
});
