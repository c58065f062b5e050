import { userInfo } from "node:os";
import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { endQuarantine, identificationOf } from "../../src/cli/admit/end-quarantine.js";
import { isConfirmed } from "../../src/cli/admit/question.js";
import { readTarget } from "../../src/cli/doctor/target.js";
import { createLocks, type Locks } from "../../src/index.js";
import { type RedisServer, startServer, waitUntil } from "../support/servers.js";
import { endAll, holdfast } from "./support/holdfast.js";

const started: RedisServer[] = [];
const managers: Locks[] = [];

afterEach(async () => {
  await endAll();
  await Promise.all(managers.splice(0).map((locks) => locks.close()));
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

/** Three servers, of which the first has lost its memory and abstains for a minute. */
async function quarantined() {
  const nodes = await Promise.all([0, 1, 2].map(() => startServer()));
  started.push(...nodes);
  const [first, ...others] = nodes as [RedisServer, RedisServer, RedisServer];
  const locks = createLocks({ nodes: nodes.map(({ url }) => url), ttl: 60_000, nodeTimeout: 1_000 });
  managers.push(locks);
  await (await locks.acquire("first", { fence: true })).release();
  await first.call("FLUSHALL");
  // The first acquisition finds the loss, and the second one the abstention.
  await (await locks.acquire("second")).release();
  await waitUntil("the loss is noticed", 20_000, async () => (await healthOf(locks)) === "quarantined");
  return { nodes, first, others, locks };
}

const healthOf = async (locks: Locks) => (await locks.inspect("a")).nodes[0]?.health;

const admit = (node: RedisServer, others: readonly RedisServer[], ...args: string[]) =>
  holdfast(["admit", "--node", node.url, ...others.flatMap(({ url }) => ["--other", url]), ...args]);

const doctorFindings = async (nodes: readonly RedisServer[]) => {
  const { stdout } = await holdfast(["doctor", ...nodes.flatMap(({ url }) => ["--node", url]), "--json"]);
  return JSON.parse(stdout).nodes.flatMap(({ findings }: { findings: { code: string }[] }) => findings);
};

test("it says what it risks, ends the quarantine, and records who did it", async () => {
  const { nodes, first, others, locks } = await quarantined();
  const before = Date.now();
  const { code, stdout, stderr } = await admit(first, others, "--yes");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`${first.url} does not vote: it is new, or lost its memory; it votes again in `);
  expect(stdout).toContain("two hold it");
  expect(stdout).toContain(`${first.url} votes: ${userInfo().username}@`);
  await waitUntil("the manager notices", 30_000, async () => (await healthOf(locks)) === "ready");
  // The fences and the longest ttl of the other nodes count here too.
  expect(await first.call("GET", "holdfast:watermark")).toBe(
    await others[0]?.call("GET", "holdfast:watermark"),
  );
  expect(await first.call("GET", "holdfast:memory")).toMatch(/^[\w-]+\.\w+ 60000 /);
  const left = Number(await first.call("PTTL", "holdfast:admitted"));
  expect(left).toBeGreaterThan(6 * 86_400_000);
  expect(left).toBeLessThanOrEqual(7 * 86_400_000);
  const record = (await doctorFindings(nodes)).filter(({ code }: { code: string }) => code === "admitted");
  expect(record).toMatchObject([
    {
      severity: "note",
      value: { by: expect.stringMatching(/^.+@.+$/), cause: "it is new, or lost its memory" },
    },
  ]);
  expect(record[0].value.time).toBeGreaterThanOrEqual(before);
});

test("without a terminal and without --yes it is refused, and nothing changes", async () => {
  const { first, others } = await quarantined();
  const marker = await first.call("GET", "holdfast:memory");
  const { code, stdout, stderr } = await admit(first, others);
  expect(code).toBe(64);
  expect(stderr).toMatch(/^holdfast: not done: without a terminal to ask on, --yes must confirm the risk\n$/);
  expect(stdout).toContain("two hold it");
  expect(await first.call("GET", "holdfast:memory")).toBe(marker);
  expect(await first.call("EXISTS", "holdfast:admitted")).toBe(0);
});

test("a node that votes needs none", async () => {
  const { first, others } = await quarantined();
  const [second] = others as [RedisServer, RedisServer];
  const { code, stdout, stderr } = await admit(second, [first], "--yes");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`${second.url} votes already: it needs no admission, and nothing was changed\n`);
  expect(await second.call("EXISTS", "holdfast:admitted")).toBe(0);
});

test("a node whose loss nobody has noticed yet is admitted too", async () => {
  const { first, others, locks } = await quarantined();
  await locks.close();
  await first.restart();
  const { code, stdout } = await admit(first, others, "--yes");
  expect(code).toBe(0);
  expect(stdout).toContain("it has no memory");
  expect(await first.call("GET", "holdfast:memory")).toMatch(/^[\w-]+\.\w+ 60000 /);
});

test("other nodes that do not answer, or are not named, are pointed out", async () => {
  const { first, others, locks } = await quarantined();
  await locks.close();
  const [second, third] = others as [RedisServer, RedisServer];
  await third.stop();
  const refused = await admit(first, [second, third]);
  expect(refused.stdout).toContain(`${third.url} cannot be asked, so the fences there are not taken over`);
  expect((await admit(first, [])).stdout).toContain("The other nodes are not named");
});

test("a loss after the question is not covered by the answer", async () => {
  const { first, locks } = await quarantined();
  await locks.close();
  const target = readTarget(first.url);
  const seen = await identificationOf(target, 5_000);
  await first.restart();
  await expect(endQuarantine(target, seen, [], 5_000)).rejects.toMatchObject({
    exitCode: 75,
    message: expect.stringContaining("lost its memory once more"),
  });
});

test("a node that cannot be reached is not admitted", async () => {
  const { code, stderr } = await holdfast(["admit", "--node", "redis://127.0.0.1:1", "--yes"]);
  expect(stderr).toMatch(/^holdfast: redis:\/\/127\.0\.0\.1:1: nothing listens there [^\n]+\n$/);
  expect(code).toBe(69);
});

test.each([
  ["yes\n", true],
  [" YES \n", true],
  ["y\n", false],
  ["no\n", false],
  ["\n", false],
  ["", false],
])("the answer %j confirms: %s", async (answer, confirmed) => {
  const input = new PassThrough();
  const output = new PassThrough();
  const asked = isConfirmed("Sure?", input, output);
  input.end(answer);
  expect(await asked).toBe(confirmed);
  expect(String(output.read())).toContain("Sure? (yes/no)");
});
