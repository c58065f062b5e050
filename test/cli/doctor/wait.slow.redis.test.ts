import { afterEach, expect, test } from "vitest";
import { readTarget } from "../../../src/cli/doctor/target.js";
import { progress } from "../../../src/cli/doctor/wait/report-wait.js";
import { waitForNodes } from "../../../src/cli/doctor/wait/wait.js";
import { createLocks, type Locks } from "../../../src/index.js";
import { type RedisServer, startServer } from "../../support/servers.js";
import { endAll, holdfast } from "../support/holdfast.js";

const started: RedisServer[] = [];
const managers: Locks[] = [];

afterEach(async () => {
  await endAll();
  await Promise.all(managers.splice(0).map((locks) => locks.close()));
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function servers(size = 3): Promise<RedisServer[]> {
  const own = await Promise.all(Array.from({ length: size }, () => startServer()));
  started.push(...own);
  return own;
}

const urlsOf = (nodes: readonly RedisServer[]) => nodes.map(({ url }) => url);

/** A manager that has locked with these nodes, so that all of them have a memory. */
async function locking(nodes: readonly RedisServer[], ttl = 2_000): Promise<Locks> {
  const locks = createLocks({ nodes: urlsOf(nodes), ttl, nodeTimeout: 300 });
  managers.push(locks);
  await locks.ready();
  await (await locks.acquire("first")).release();
  return locks;
}

const wait = (nodes: readonly RedisServer[], duration: string, ...args: string[]) =>
  holdfast(["doctor", "--wait", duration, ...nodes.flatMap(({ url }) => ["--node", url]), ...args]);

/** A value that has the form of a token. */
const token = `me~${"t".repeat(22)}`;

test("it returns when every node votes and is healed", async () => {
  const nodes = await servers();
  const locks = await locking(nodes);
  const lease = await locks.acquire("held");
  await nodes[1]?.restart();
  const { code, stdout, stderr } = await wait(nodes, "1m");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^every node votes and is healed \(waited [0-9.]+ m?s, 1 lock compared\)\n$/);
  for (const node of nodes) expect(await node.call("EXISTS", "held")).toBe(1);
  expect(lease.remaining()).toBeGreaterThan(0);
  expect((await locks.inspect("held")).nodes.map(({ health }) => health)).toEqual([
    "ready",
    "ready",
    "ready",
  ]);
});

test("nodes that no lock was ever acquired on are not waited for", async () => {
  expect(await wait(await servers(), "1m")).toMatchObject({ code: 0, stderr: "" });
});

test("a wait that runs out names the node, the reason and the time, on one line and in data", async () => {
  const nodes = await servers();
  await locking(nodes, 60_000);
  await nodes[1]?.stop();
  const { code, stdout, stderr } = await wait(nodes, "1s", "--json");
  expect(code).toBe(75);
  expect(stderr).toMatch(
    /^holdfast: the wait ran out after [^\n]+: still waiting for [^\n]+, for [^\n]+: nothing listens/,
  );
  expect(stderr.trimEnd()).not.toContain("\n");
  expect(stderr).toContain(nodes[1]?.url);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ version: 1, exitCode: 75, ready: false, locks: null });
  expect(report.nodes).toEqual([
    { node: nodes[0]?.url, ready: true },
    {
      ...{ node: nodes[1]?.url, ready: false, why: "unreachable", cause: expect.any(String) },
      ...{ left: null, missing: 0, awaited: expect.any(Number) },
    },
    { node: nodes[2]?.url, ready: true },
  ]);
});

test("a node in quarantine is waited for, with the words of the errors", async () => {
  const nodes = await servers();
  const locks = await locking(nodes, 60_000);
  await (await locks.acquire("long")).release();
  await nodes[0]?.call("FLUSHALL");
  await (await locks.acquire("noticed")).release();
  const { code, stderr } = await wait(nodes, "1s");
  expect(code).toBe(75);
  expect(stderr).toMatch(/: it is new, or lost its memory; it votes again in (1 min|5\d(\.\d)? s)/);
});

test("a node without a memory that nobody has noticed yet is waited for", async () => {
  const nodes = await servers();
  const locks = await locking(nodes);
  await locks.close();
  await nodes[2]?.restart();
  const { code, stderr } = await wait(nodes, "1s");
  expect(code).toBe(75);
  expect(stderr).toContain("has noticed that yet");
});

test("a node that lacks a lock of the others is waited for, and no token is shown", async () => {
  const nodes = await servers();
  await locking(nodes);
  for (const node of nodes.slice(1))
    await node.call("MSET", "jobs:a", token, "jobs:other", "no token", "b", token);
  const lacking = await wait(nodes, "1500ms", "--prefix", "jobs:", "--json");
  expect(lacking.code).toBe(75);
  const [first, ...others] = JSON.parse(lacking.stdout).nodes;
  expect(first).toMatchObject({ why: "notHealed", missing: 1, cause: expect.stringContaining("1 lock ") });
  expect(first.cause).toContain('"a"');
  expect(others.every(({ ready }: { ready: boolean }) => ready)).toBe(true);
  expect(lacking.stdout + lacking.stderr).not.toContain("tttt");
  await nodes[0]?.call("SET", "jobs:a", token);
  expect(await wait(nodes, "1m", "--prefix", "jobs:")).toMatchObject({ code: 0 });
});

test("keys of a minority, and other values, are no locks that a node lacks", async () => {
  const nodes = await servers();
  await locking(nodes);
  await nodes[0]?.call("SET", "minority", token);
  for (const node of nodes.slice(1)) {
    await node.call("SET", "text", "me~too short");
    await node.call("LPUSH", "list", "a");
  }
  expect(await wait(nodes, "1m")).toMatchObject({ code: 0, stderr: "" });
});

test("a user who may not scan cannot compare, which is said at once", async () => {
  const nodes = await servers();
  await locking(nodes);
  for (const node of nodes)
    await node.call("ACL", "SETUSER", "locker", "on", ">secret", "~*", "&*", "+@all", "-scan");
  const args = nodes.flatMap(({ port }) => ["--node", `redis://locker:secret@127.0.0.1:${port}`]);
  const { code, stderr } = await holdfast(["doctor", "--wait", "1m", ...args]);
  expect(code).toBe(69);
  expect(stderr).toMatch(/does not let the user compare its locks: permit SCAN/);
});

test.each([
  ["a wrong password", ":wrong@", /does not accept the user or the password .*correct/],
  ["a password that is missing", "", /wants a password .*put it into the address/],
])("%s ends the wait at once", async (_, credentials, cause) => {
  const [one, other] = (await servers(2)) as [RedisServer, RedisServer];
  await other.call("CONFIG", "SET", "requirepass", "right");
  const args = ["--node", one.url, "--node", `redis://${credentials}127.0.0.1:${other.port}`];
  const { code, stdout, stderr } = await holdfast(["doctor", "--wait", "5m", ...args]);
  expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
  expect(stderr).toMatch(cause);
  expect(stderr).toMatch(/; waiting does not help\n$/);
});

test("the nodes are found well twice, one second apart, however short the wait", async () => {
  const targets = urlsOf(await servers()).map(readTarget);
  const options = { prefix: "", timeout: 5_000, wait: 100, onLook: () => undefined };
  const { waited, awaited } = await waitForNodes(targets, options);
  expect(awaited).toEqual([]);
  expect(waited).toBeGreaterThanOrEqual(990);
});

test("it changes nothing on the servers", async () => {
  const nodes = await servers();
  const locks = await locking(nodes);
  await locks.acquire("held", { renew: false, ttl: 60_000 });
  for (const node of nodes) await node.call("CONFIG", "RESETSTAT");
  const changes = () =>
    Promise.all(
      nodes.map(
        async (node) =>
          /rdb_changes_since_last_save:\d+/.exec(String(await node.call("INFO", "persistence")))?.[0],
      ),
    );
  const before = await changes();
  expect(await wait(nodes, "1m")).toMatchObject({ code: 0 });
  expect(await changes()).toEqual(before);
});

test("progress is printed when the reason changes, and every ten seconds", () => {
  let now = 0;
  const lines: string[] = [];
  const show = progress(
    (line) => lines.push(line),
    () => now,
  );
  const awaited = (why: "unreachable" | "quarantined", left: number | null) => [
    { node: "redis://a", why, cause: "it is new, or lost its memory", left, awaited: now, missing: 0 },
  ];
  show(awaited("unreachable", null));
  now = 500;
  show(awaited("unreachable", null));
  show(awaited("quarantined", 9_000));
  now = 10_400;
  show(awaited("quarantined", 1_000));
  now = 10_500;
  show(awaited("quarantined", 1_000));
  show([]);
  expect(lines).toEqual([
    "waiting for redis://a, for 0 ms: it is new, or lost its memory",
    "waiting for redis://a, for 500 ms: it is new, or lost its memory; it votes again in 9 s",
    "waiting for redis://a, for 10.5 s: it is new, or lost its memory; it votes again in 1 s",
  ]);
});
