import { execFile } from "node:child_process";
import { platform } from "node:os";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { callRedis } from "../support/call-redis.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { builtCommand } from "./support/build.js";
import { endAll, holdfast, startHoldfast } from "./support/holdfast.js";
import { createReporter, type Reporter } from "./support/reporter.js";

let resource: string;
let serial = 0;
let reporter: Reporter;

/** Of these tests alone: other sets of nodes on the same servers would be warned of. */
let servers: RedisServer[];
beforeAll(async () => {
  servers = await startAll(Array.from({ length: 3 }, () => () => startServer()));
});
afterAll(() => stopAll(servers));

const nodes = () => servers;
const nodeArgs = () => nodes().flatMap(({ url }) => ["--node", url]);
/** A busy machine may answer a new process slowly, and some of these commands try only once. */
const timeoutArgs = ["--node-timeout", "2s"];
const run = (...command: string[]) => [
  "run",
  "--resource",
  resource,
  ...timeoutArgs,
  ...nodeArgs(),
  ...command,
];

beforeEach(async () => {
  serial += 1;
  resource = `cli-run-${process.pid}-${serial}`;
  reporter = await createReporter();
});
afterEach(async () => {
  await endAll();
  await reporter.remove();
});

test.each([
  ["true", 0, ["true"]],
  ["its own code", 7, ["sh", "-c", "exit 7"]],
  ["what is no program", 126, ["/etc/passwd"]],
  ["what is not there", 127, ["/nowhere/to-be-found"]],
  ["what is not on the PATH", 127, ["holdfast-no-such-command"]],
  ["killed by SIGKILL", 137, ["sh", "-c", "kill -KILL $$"]],
  ["killed by SIGTERM", 143, ["sh", "-c", "kill -TERM $$"]],
  ["one that looks like an option", 0, ["sh", "-c", 'test "$1" = --ttl', "sh", "--ttl"]],
])("%s: the exit code is %d", async (_what, code, command) => {
  const ended = await holdfast(run("--", ...command));
  expect(ended).toMatchObject({ code, signal: null });
  // The lock was released whatever the outcome, so the next command need not wait. Two servers form a quorum.
  const keys = await Promise.all(nodes().map(({ port }) => callRedis(port, ["EXISTS", resource])));
  expect(keys.filter((count) => count === 0).length).toBeGreaterThanOrEqual(2);
});

test("stdout is the command's own, and stderr is silent", async () => {
  const ended = await holdfast(run("--", "echo", "007", "--json"));
  expect(ended).toMatchObject({ code: 0, stdout: "007 --json\n", stderr: "" });
});

// Only Linux has such a file.
test.each(platform() === "linux" ? ["/dev/full"] : [])(
  "a log that cannot be written (%s) does not end the command",
  async (full) => {
    const args = run("--json", "--", "sh", "-c", "echo began; sleep 0.3; echo ended");
    const shell = [`exec "$@" 2> ${full}`, "sh", process.execPath, await builtCommand(), ...args];
    expect(await promisify(execFile)("sh", ["-c", ...shell])).toMatchObject({ stdout: "began\nended\n" });
  },
);

test("the command's environment has the lock's facts, but neither the token nor the addresses", async () => {
  const before = Date.now();
  const owner = "the-owner";
  const two = `${resource}-two`;
  const args = run("--resource", two, "--owner", owner, "--ttl", "20s", "--", "env");
  const { stdout } = await holdfast(args);
  const environment = Object.fromEntries(stdout.split("\n").map((line) => line.split(/=(.*)/s)));
  expect(environment).toMatchObject({ HOLDFAST_OWNER: owner, HOLDFAST_RESOURCE: resource });
  // Several resources are separated by line ends, so each is on a line of its own here.
  expect(stdout).toContain(`HOLDFAST_RESOURCE=${resource}\n${two}\n`);
  expect(environment.HOLDFAST_ACQUISITION).toMatch(/./);
  const validFor = Number(environment.HOLDFAST_VALID_UNTIL) - before;
  expect(validFor).toBeGreaterThan(15_000);
  expect(validFor).toBeLessThan(40_000);
  expect(stdout).not.toContain("redis://");
  // A token is the owner's label, "~" and a secret.
  expect(stdout).not.toContain(`${owner}~`);
});

test("a held lock yields 75, with one line that names the holder and the remaining time", async () => {
  const holder = await startHoldfast(
    run("--owner", "night-shift", "--json", "--", ...reporter.command(false)),
  );
  await reporter.works();
  const once = await holdfast(run("--no-wait", "--", "true"));
  expect(once.stderr).toMatch(/^holdfast: "[^"]+" is held by night-shift for up to \d[\d.]* s\n$/);
  expect(once).toMatchObject({ code: 75, stdout: "" });
  const waiting = await holdfast(run("--wait", "3s", "--conflict-exit-code", "9", "--", "true"));
  expect(waiting.stderr).toMatch(
    /^holdfast: "[^"]+" is held by night-shift for up to [\d.]+ s \(and for at least [\d.]+ s already\); waited 3 s\n$/,
  );
  expect(waiting.code).toBe(9);
  const several = await holdfast(run("--resource", `${resource}-2`, "--no-wait", "--json", "--", "true"));
  const failed = several.stderr.split("\n").find((line) => line.includes('"event":"failed"')) ?? "{}";
  expect(JSON.parse(failed).error).toMatchObject({
    code: "LOCK_CONTENDED",
    reason: "contended",
    holder: { owner: "night-shift", resource, until: expect.any(Number) },
  });
  holder.kill("SIGTERM");
  expect(await holder.ended).toMatchObject({ code: 0 });
});

test("a wait ends as soon as the lock is released", async () => {
  const holder = await startHoldfast(run("--json", "--", ...reporter.command(false)));
  await reporter.works();
  const waiting = await startHoldfast(run("--wait", "15s", "--json", "--", "true"));
  await waiting.logs("retrying");
  holder.kill("SIGTERM");
  expect(await waiting.ended).toMatchObject({ code: 0 });
});

test("a signal ends a wait, as it would end any command", async () => {
  const holder = await startHoldfast(run("--", ...reporter.command(false)));
  await reporter.works();
  const waiting = await startHoldfast(run("--wait", "forever", "--json", "--", "true"));
  await waiting.logs("retrying");
  waiting.kill("SIGINT");
  expect(await waiting.ended).toMatchObject({ code: 130 });
  holder.kill("SIGTERM");
  await holder.ended;
});

test("addresses may come from the environment", async () => {
  const HOLDFAST_NODES = nodes()
    .map(({ url }) => url)
    .join(", ");
  const ended = await holdfast(["run", "--resource", resource, "--", "true"], { env: { HOLDFAST_NODES } });
  expect(ended).toMatchObject({ code: 0, stderr: "" });
});

test("the same server twice is refused with 64", async () => {
  const [first] = nodes();
  const alias = `redis://localhost:${first?.port}`;
  const ended = await holdfast(run("--node", alias, "--", "true"));
  expect(ended.stderr).toMatch(/same server/);
  expect(ended.code).toBe(64);
});

test("what the command leaves in its group is ended before the lock is released", async () => {
  const stays = reporter.grandchild(true).at(-1)?.replace("& wait", "& sleep 0.3");
  const ended = await holdfast(run("--grace", "300ms", "--", "sh", "-c", String(stays)));
  expect(ended.stderr).toMatch(
    /^holdfast: ending what the command left running in its process group \(\d+\)\n$/,
  );
  expect(ended.code).toBe(0);
  await reporter.isEnded(1_000);
});

test("with --json every event is a line of JSON, apart from the command's own output", async () => {
  const ended = await holdfast(run("--json", "--", "sh", "-c", "echo out; exit 3"));
  const events = ended.stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const names = events.map(({ event }) => event);
  expect(names.filter((name) => name !== "nodeUp" && name !== "retrying")).toEqual([
    "acquiring",
    "acquired",
    "started",
    "exit",
    "released",
  ]);
  for (const event of events) expect(event.time).toBeTypeOf("number");
  expect(ended).toMatchObject({ code: 3, stdout: "out\n" });
});

test.each([
  ["126", ["/etc/passwd"]],
  ["127", ["/nowhere/to-be-found"]],
])("--at-least does not keep the lock of a command that never ran (%s)", async (code, command) => {
  expect(await holdfast(run("--at-least", "10m", "--", ...command))).toMatchObject({ code: Number(code) });
  expect(await holdfast(run("--no-wait", "--", "true"))).toMatchObject({ code: 0 });
});

test("--at-least keeps the lock of a command that failed, and deleting its key frees it", async () => {
  expect(await holdfast(run("--at-least", "10m", "--", "sh", "-c", "exit 3"))).toMatchObject({ code: 3 });
  expect(await holdfast(run("--no-wait", "--", "true"))).toMatchObject({ code: 75 });
  await Promise.all(nodes().map(({ port }) => callRedis(port, ["DEL", resource])));
  expect(await holdfast(run("--no-wait", "--", "true"))).toMatchObject({ code: 0 });
});

test("--at-least keeps the lock after the command and this process have ended, and inspect says until when", async () => {
  const before = Date.now();
  const first = await holdfast(run("--at-least", "10m", "--owner", "early", "--json", "--", "true"));
  expect(first.code).toBe(0);
  const released = first.stderr.split("\n").find((line) => line.includes('"released"')) ?? "{}";
  expect(JSON.parse(released).keptUntil).toBeGreaterThanOrEqual(before + 600_000);
  const refused = await holdfast(run("--at-least", "10m", "--no-wait", "--", "true"));
  expect(refused.code).toBe(75);
  expect(refused.stderr).toMatch(/ is kept after its release by early, for up to /);
  const text = await holdfast(["inspect", resource, ...timeoutArgs, ...nodeArgs()]);
  expect(text.stdout).toMatch(/ {2}kept until \d{4}-\d\d-\d\dT[\d:.]+Z, after its release by early$/m);
  expect(text.stdout).toMatch(/kept {4}early {2}\d/);
  const json = await holdfast(["inspect", resource, "--json", ...timeoutArgs, ...nodeArgs()]);
  const { keptUntil, held, holder } = JSON.parse(json.stdout);
  expect({ held, holder }).toMatchObject({ held: true, holder: { owner: "early", kept: true } });
  expect(keptUntil).toBeGreaterThan(before + 590_000);
  expect(keptUntil).toBeLessThan(Date.now() + 610_000);
});
