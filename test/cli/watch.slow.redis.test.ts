import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createLocks, type Locks } from "../../src/index.js";
import { type Frame, parseFrame, type Step } from "../../src/inspector/feed/frames.js";
import { readRecording } from "../../src/inspector/recording.js";
import { beat, lockView, step } from "../inspector/frames-of-all-kinds.js";
import type { RedisServer } from "../support/server.js";
import { startServer } from "../support/start-server.js";
import { waitUntil } from "../support/wait-until.js";
import { builtCommand } from "./support/build.js";
import { endAll, type Holdfast, holdfast, startHoldfast } from "./support/holdfast.js";

const channel = "holdfast:life";
const password = "never-shown";

/** Servers of its own, because every subscriber of a server receives what is published there. */
let servers: RedisServer[];
let folder: string;
let opened: Locks[] = [];
const terminals: ChildProcess[] = [];
beforeAll(async () => {
  servers = await Promise.all([1, 2, 3].map(() => startServer({ password })));
  folder = await mkdtemp(join(tmpdir(), "holdfast-watch-"));
});
afterEach(async () => {
  await endAll();
  // Closing the terminal sends SIGHUP to its processes.
  for (const terminal of terminals.splice(0)) terminal.kill();
  await Promise.all(opened.map((locks) => locks.close({ timeout: 0 })));
  opened = [];
  // A server notices late that a subscriber is gone; the next test must not count it.
  await areListening(0);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

const nodes = () => servers.flatMap(({ url }) => ["--node", url]);

function locksOf(options: {
  readonly publish?: boolean;
  readonly owner?: string;
  readonly prefix?: string;
}): Locks {
  const locks = createLocks({ nodes: servers.map(({ url }) => url), ttl: 3_000, ...options });
  opened.push(locks);
  return locks;
}

/** The number of subscribed commands on each server. */
async function areListening(count: number, on: readonly RedisServer[] = servers): Promise<void> {
  await waitUntil(`${count} listen`, 10_000, async () => {
    const answers = await Promise.all(on.map((server) => server.call("PUBSUB", "NUMSUB", channel)));
    return answers.every((answer) => Array.isArray(answer) && answer[1] === count);
  });
}

const publish = async (...frames: readonly (Frame | string)[]) => {
  for (const frame of frames)
    await servers[0]?.call("PUBLISH", channel, typeof frame === "string" ? frame : JSON.stringify(frame));
};

const waitFor = (watching: Holdfast, what: RegExp, stream: "stdout" | "stderr" = "stdout") =>
  waitUntil(`${stream} has ${what}; it has: ${watching[stream]}`, 10_000, () => what.test(watching[stream]));

/** Runs the command in a terminal of its own, after this shell code. */
async function startTerminal(before: string, args: readonly string[], after = "") {
  const command = [process.execPath, await builtCommand(), ...args].join(" ");
  const terminal = spawn("script", ["-qec", `${before} ${command}${after}`, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, TERM: "xterm", HOLDFAST_NODES: "", NO_COLOR: "" },
  });
  terminals.push(terminal);
  return terminal;
}

const stepsOf = (frames: readonly Frame[]): Step[] =>
  frames.flatMap((frame) => (frame.kind === "steps" ? frame.steps : []));
const describeStep = ({ event, from, to, lock }: Step) => `${lock.resources.join()} ${from} → ${to} ${event}`;

describe("the locks of a process", () => {
  test("have a line for each step, and the same in the recording and as JSON", async () => {
    const file = join(folder, "life.jsonl");
    const lines = await startHoldfast(["watch", "payouts:*", ...nodes(), "--record", file]);
    const json = await startHoldfast(["watch", "payouts:*", ...nodes(), "--json"]);
    await areListening(2);
    const locks = locksOf({ publish: true, owner: "worker-1" });
    // Nodes connect with the first request, and only then send frames.
    const other = await locks.acquire("other");
    await waitFor(lines, /worker-1 tells of its locks/);
    await waitFor(json, /"kind":"beat"/);
    const lease = await locks.acquire("payouts:42");
    await expect(locksOf({ owner: "worker-2" }).tryAcquire("payouts:42")).resolves.toBeNull();
    await lease.renew();
    await lease.release();
    await other.release();
    for (const one of [lines, json]) await waitFor(one, /RELEASED/);
    for (const one of [lines, json]) one.kill("SIGTERM");
    const [shown, printed] = await Promise.all([lines.ended, json.ended]);
    for (const { code, signal, stderr } of [shown, printed])
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });

    const { frames, cutOff } = await readRecording(file);
    expect(cutOff).toBe(false);
    const steps = stepsOf(frames).map(describeStep);
    expect(steps).toEqual([
      "payouts:42 idle → acquiring.asking ACQUIRE",
      "payouts:42 acquiring.asking → held GRANTED",
      "payouts:42 held → renewing.asking RENEW",
      "payouts:42 renewing.asking → held RENEWED",
      "payouts:42 held → releasing RELEASE",
      "payouts:42 releasing → idle RELEASED",
    ]);
    const parsed = printed.stdout
      .trim()
      .split("\n")
      .map((line) => parseFrame(JSON.parse(line)));
    expect(parsed).not.toContain(null);
    expect(stepsOf(parsed.filter((frame) => frame !== null)).map(describeStep)).toEqual(steps);
    const inLines = shown.stdout.split("\n").filter((line) => / → \S+ [A-Z]+ by worker-1/.test(line));
    expect(inLines.map((line) => line.replace(/^[\d:.]+ /, "").replace(/ by worker-1.*/, ""))).toEqual(steps);
    expect(shown.stdout).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} payouts:42 acquiring\.asking → held GRANTED by worker-1, valid [\d.]+ s, votes [23] of 3/m,
    );
    const recorded = await readFile(file, "utf8");
    for (const text of [recorded, shown.stdout, printed.stdout]) {
      expect(text).not.toContain("other");
      expect(text).not.toContain(password);
    }
  });

  test("are drawn on a terminal, and the last table remains", async () => {
    const terminal = await startTerminal("stty rows 12 cols 125; exec", ["watch", ...nodes()]);
    let text = "";
    terminal.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
    });
    const ended = new Promise<number | null>((resolve) => terminal.once("exit", resolve));
    const shows = (what: RegExp) =>
      waitUntil(`the screen shows ${what}; it has ${text}`, 10_000, () => what.test(text));
    await shows(/nodes: redis:\/\/127/);
    const locks = locksOf({ publish: true, owner: "worker-1" });
    const lease = await locks.acquire("reports:nightly", { fence: true });
    await shows(/held.*reports:nightly.*worker-1.*█/);
    // The character that Ctrl-C sends.
    terminal.stdin.write("\u0003");
    expect(await ended).toBe(0);
    await lease.release();
    // The command draws in place, hides the cursor meanwhile, and restores it.
    expect(text).toContain("\u001b[1A");
    expect(text.lastIndexOf("\u001b[?25h")).toBeGreaterThan(text.lastIndexOf("\u001b[?25l"));
    const last = stripVTControlCharacters(text.slice(text.lastIndexOf("holdfast watch  ")));
    expect(last).toMatch(/1 process, 1 lock in use/);
    expect(last).toMatch(/nodes: (redis:\/\/127\.0\.0\.1:\d+ ready(, )?){3}/);
    expect(last).not.toContain("closed");
    expect(text).not.toContain(password);
  });
});

test("include that of a command run with --publish", async () => {
  const watching = await startHoldfast(["watch", ...nodes()]);
  await areListening(1);
  const run = ["run", "--resource", "reports:nightly", "--owner", "night-shift", "--publish", ...nodes()];
  expect(await holdfast([...run, "--", "sleep", "1"])).toMatchObject({ code: 0 });
  await waitFor(watching, /reports:nightly (is held|.*GRANTED) by night-shift/);
  await waitFor(watching, /reports:nightly .*RELEASED/);
});

test.each([
  ["does not tell its size", "stty rows 0 cols 0; exec"],
  ["can do nothing", "stty rows 24 cols 80; exec env TERM=dumb"],
])("a terminal that %s gets lines without control sequences", async (_, before) => {
  const terminal = await startTerminal(before, ["watch", "a", ...nodes()]);
  let text = "";
  terminal.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  await waitUntil("it prints a line", 10_000, () => /a.* is .*free.*\(asked\)/.test(text));
  // Only colours: each code ends with an m.
  const codes = text.split("\u001b[").slice(1);
  expect(codes.filter((code) => !/^\d+m/.test(code))).toEqual([]);
  const ended = new Promise((resolve) => terminal.once("exit", resolve));
  terminal.stdin.write("\u0003");
  expect(await ended).toBe(0);
});

test("closing the terminal ends the command, and its recording is complete", async () => {
  const [file, status] = [join(folder, "closed.jsonl"), join(folder, "status")];
  // The shell outlives its terminal and reports the end. The status is not checked: Node.js aborts if it cannot reset
  // a terminal.
  const terminal = await startTerminal(
    "trap '' HUP; stty rows 12 cols 125;",
    ["watch", ...nodes(), "--record", file],
    `; echo ended > ${status}`,
  );
  terminal.stdout.resume();
  await areListening(1);
  await publish(beat({ time: Date.now() }));
  await waitUntil("it is written", 10_000, async () => (await readRecording(file)).frames.length === 1);
  terminal.kill("SIGKILL");
  await waitUntil("it has ended", 10_000, async () => (await readFile(status, "utf8")) !== "");
  expect(await readRecording(file)).toMatchObject({ cutOff: false, frames: [{ kind: "beat" }] });
});

describe("a resource that no process reports", () => {
  test("is asked about by name", async () => {
    const watching = await startHoldfast(["watch", "quiet", ...nodes()]);
    await waitFor(watching, /quiet is free \(asked\)/);
    const lease = await locksOf({ owner: "silent-worker" }).acquire("quiet");
    await waitFor(watching, /quiet is held by silent-worker for up to [\d.]+ m?s \(asked\)/);
    await lease.release();
    await waitFor(watching, /held by silent-worker.*\n.*quiet is free \(asked\)\n$/);
    expect(watching.stderr).toBe("");
  });

  test("is asked about with a prefix, and as JSON", async () => {
    const watching = await startHoldfast(["watch", "quiet", "--prefix", "app:", "--json", ...nodes()]);
    await locksOf({ owner: "silent-worker", prefix: "app:" }).acquire("quiet");
    await waitFor(watching, /silent-worker/);
    const last = watching.stdout.trim().split("\n").at(-1) ?? "";
    expect(JSON.parse(last)).toMatchObject({
      kind: "asked",
      time: expect.any(Number),
      inspection: { resource: "quiet", held: true, holder: { key: "app:quiet", owner: "silent-worker" } },
    });
  });

  test("without a name, one line says how locks are published", async () => {
    const { code, stdout, stderr } = await holdfast(["watch", ...nodes(), "--for", "6s"]);
    expect(stderr).toMatch(/^holdfast: no process tells of its locks [^\n]*publish: true[^\n]*\n$/);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  });
});

describe("nodes", () => {
  test("if none can be reached the exit code is 69, at once and with one line", async () => {
    const began = performance.now();
    const file = join(folder, "never.jsonl");
    const bad = ["--node", `redis://:${password}@127.0.0.1:1`, "--node", "redis://127.0.0.1:2"];
    const { code, stdout, stderr } = await holdfast(["watch", "a", "--record", file, ...bad]);
    expect(stderr).toMatch(
      /^holdfast: no node could be reached: [^\n]*127\.0\.0\.1:1[^\n]*ECONNREFUSED[^\n]*\n$/,
    );
    expect(stderr).not.toContain(password);
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(performance.now() - began).toBeLessThan(8_000);
    await expect(readFile(file)).rejects.toThrow("ENOENT");
  });

  test("unreachable nodes are no hindrance; a node that is lost and comes back is reported, and its frames are received again", async () => {
    const lost = await startServer();
    const watching = await startHoldfast(["watch", "a", "--node", lost.url, "--node", "redis://127.0.0.1:1"]);
    await waitFor(watching, /a is free \(asked\)/);
    await lost.kill();
    await waitFor(watching, /lost redis:\/\/127\.0\.0\.1:\d+ down.*; trying again/, "stderr");
    await lost.start();
    await waitFor(watching, /is back/, "stderr");
    await areListening(1, [lost]);
    watching.kill("SIGINT");
    expect((await watching.ended).code).toBe(0);
    await lost.stop();
  });

  test("a node that forbids subscribing is reported", async () => {
    const server = await startServer({ password });
    await server.call("ACL", "SETUSER", "deaf", "on", ">secret", "allkeys", "+@all", "resetchannels");
    const url = `redis://deaf:secret@127.0.0.1:${server.port}`;
    const { code, stderr } = await holdfast(["watch", "a", "--node", url, "--for", "6s"]);
    expect(stderr).toMatch(/^holdfast: cannot listen on any node: [^\n]*holdfast:life[^\n]*\n$/);
    expect(code).toBe(0);
    const file = join(folder, "deaf.jsonl");
    const recording = await holdfast(["watch", "--node", url, "--for", "2s", "--record", file]);
    expect(recording).toMatchObject({ code: 69, stdout: "" });
    expect(recording.stderr).toMatch(/^holdfast: the recording is empty, [^\n]*holdfast:life[^\n]*\n$/);
    await server.stop();
  });
});

describe("the recording", () => {
  test("an existing file is refused with 73, and replaced with --force", async () => {
    const file = join(folder, "taken.jsonl");
    await writeFile(file, "precious");
    const args = ["watch", "a", ...nodes(), "--for", "500ms", "--record", file];
    const { code, stdout, stderr } = await holdfast(args);
    expect(stderr).toBe(
      `holdfast: ${file}: cannot record: the file exists already: name another one, or replace it with --force\n`,
    );
    expect({ code, stdout }).toEqual({ code: 73, stdout: "" });
    expect(await readFile(file, "utf8")).toBe("precious");
    expect((await holdfast([...args, "--force"])).code).toBe(0);
    expect((await readRecording(file)).frames).toEqual([]);
  });

  test("a file that cannot be created or written yields 73 and one line", async () => {
    for (const file of [join(folder, "none", "a.jsonl"), folder, "/dev/full"]) {
      const { code, stderr } = await holdfast([
        "watch",
        "a",
        ...nodes(),
        "--for",
        "2s",
        "--force",
        "--record",
        file,
      ]);
      expect(stderr).toMatch(
        /^holdfast: [^\n]*: cannot record [^\n]*\n$|^holdfast: [^\n]*: cannot record: [^\n]*\n$/,
      );
      expect(code).toBe(73);
    }
  });

  test("of a watch that was killed can be read", async () => {
    const file = join(folder, "killed.jsonl");
    const watching = await startHoldfast(["watch", ...nodes(), "--record", file]);
    await areListening(1);
    await publish(beat({ time: Date.now() }), {
      kind: "locks",
      source: "a",
      seq: 2,
      time: Date.now(),
      locks: [lockView()],
    });
    await waitFor(watching, /payouts:42 is held/);
    // What was recorded is written once a second.
    await waitUntil(
      "both frames are in the file",
      20_000,
      async () => (await readRecording(file)).frames.length === 2,
    );
    watching.kill("SIGKILL");
    await watching.ended;
    const { frames } = await readRecording(file);
    expect(frames.map(({ kind }) => kind)).toEqual(["beat", "locks"]);
  });
});

test("published text cannot control the terminal, and messages that are not frames are ignored", async () => {
  const args = [...nodes(), "--for", "4s"];
  const watching = await Promise.all([
    startHoldfast(["watch", ...args]),
    startHoldfast(["watch", "--json", ...args]),
  ]);
  await areListening(2);
  const evil = "\u001b[2J\u001b]0;owned\u0007\r\n\u202e";
  const time = Date.now();
  await publish(
    "",
    "null",
    "{",
    "[".repeat(100_000),
    '{"__proto__":{"polluted":1}}',
    "\0",
    "x".repeat(100_000),
  );
  await publish(
    beat({ owner: evil, time, nodes: beat().nodes.map((node) => ({ ...node, name: evil, cause: evil })) }),
  );
  const lock = lockView({ resources: [evil], state: evil, reason: evil });
  await publish({
    kind: "steps",
    source: "a",
    seq: 2,
    time,
    steps: [step({ time, event: evil, from: evil, to: evil, lock })],
  });
  for (const { code, stdout, stderr } of await Promise.all(watching.map(({ ended }) => ended))) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").length).toBeGreaterThan(2);
    expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  }
});

test("a reader that goes away ends the command", async () => {
  const watching = await startHoldfast(["watch", "a", ...nodes()]);
  watching.child.stdout?.destroy();
  const { code, stderr } = await watching.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
