import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deadlineIn } from "../../src/cli/deadline.js";
import { killMargin } from "../../src/cli/guard.js";
import { startOf } from "../../src/cli/processes.js";
import type { WatchdogMessage } from "../../src/cli/watchdog-messages.js";
import { waitUntil } from "../support/wait-until.js";
import { builtCommand } from "./support/build.js";
import { isGone } from "./support/processes.js";
import { createReporter, type Reporter } from "./support/reporter.js";

const grace = 500;
const mark = `HOLDFAST_RUN=watchdog-test-${process.pid}`;

let reporter: Reporter;
let watchdog: ChildProcess;
let job: ChildProcess;

beforeEach(async () => {
  reporter = await createReporter();
  const program = join(dirname(await builtCommand()), "watchdog.js");
  watchdog = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "ignore"], detached: true });
  await waitUntil("the watchdog is ready", 10_000, () => String(watchdog.stdout?.read() ?? "") === "ready\n");
  const [name = "", ...args] = reporter.command(true);
  const [variable = "", value] = mark.split("=");
  const env = { ...process.env, [variable]: value };
  job = spawn(name, args, { detached: true, stdio: "ignore", env });
  await reporter.works();
});

afterEach(async () => {
  watchdog.kill("SIGKILL");
  job.kill("SIGKILL");
  await reporter.remove();
});

const send = (message: WatchdogMessage) => watchdog.stdin?.write(`${JSON.stringify(message)}\n`);
const starting = () => send({ kind: "starting", mark, ownGroup: true, grace, json: false });
const start = (recognised = startOf(Number(job.pid)) ?? null) =>
  send({ kind: "started", pid: Number(job.pid), start: recognised });
const isEnded = () => waitUntil("the watchdog has ended", 10_000, () => watchdog.exitCode !== null);

test("a deadline that is not extended leads to SIGTERM, the grace, SIGKILL and the watchdog's end", async () => {
  const deadline = deadlineIn(2_500);
  starting();
  send({ kind: "deadline", ...deadline });
  start();
  await isEnded();
  expect(reporter.terms).toHaveLength(1);
  expect(reporter.terms[0]).toBeLessThanOrEqual(deadline.epoch - grace);
  expect(reporter.lastAlive).toBeLessThan(deadline.epoch);
  expect(reporter.lastAlive).toBeGreaterThan(deadline.epoch - killMargin - grace / 2);
});

test("the clock that leaves less time counts", async () => {
  const far = deadlineIn(60_000);
  const near = deadlineIn(2_000);
  starting();
  send({ kind: "deadline", monotonic: far.monotonic, epoch: near.epoch });
  start();
  await isEnded();
  expect(reporter.lastAlive).toBeLessThan(near.epoch);
});

test("the end of the pipe ends the job, long before the deadline", async () => {
  starting();
  send({ kind: "deadline", ...deadlineIn(60_000) });
  start();
  const died = Date.now();
  watchdog.stdin?.end();
  await isEnded();
  expect(reporter.terms).toHaveLength(1);
  expect(reporter.lastAlive - died).toBeLessThan(grace + 1_000);
});

test.runIf(process.platform === "linux")(
  "a job is found by its mark if holdfast died before sending the pid",
  async () => {
    starting();
    watchdog.stdin?.end();
    await isEnded();
    await reporter.isEnded(1_000);
    expect(reporter.terms).toHaveLength(1);
  },
);

test("another process with the job's pid is left alone", async () => {
  send({ kind: "starting", mark: `${mark}-of-another`, ownGroup: true, grace, json: false });
  start("an earlier process");
  watchdog.stdin?.end();
  await isEnded();
  expect(isGone(reporter.pid)).toBe(false);
  expect(reporter.terms).toEqual([]);
});

test("a job that was asked to end is not asked again", async () => {
  starting();
  send({ kind: "deadline", ...deadlineIn(60_000) });
  start();
  send({ kind: "ending", grace, groupOnly: false });
  await isEnded();
  expect(reporter.terms).toEqual([]);
  await reporter.isEnded(1_000);
});

test("the watchdog ends when the command has ended, and signals no process", async () => {
  starting();
  start();
  send({ kind: "done" });
  await isEnded();
  expect(isGone(reporter.pid)).toBe(false);
  expect(reporter.terms).toEqual([]);
});

test("signals that end other processes do not end the watchdog", async () => {
  starting();
  start();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) watchdog.kill(signal);
  send({ kind: "deadline", ...deadlineIn(1_500) });
  await isEnded();
  await reporter.isEnded(1_000);
});
