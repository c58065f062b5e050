import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { timed } from "../locks/support.js";
import { callRedis } from "../support/call-redis.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { waitUntil } from "../support/wait-until.js";
import { endAll, type Holdfast, holdfast, startHoldfast } from "./support/holdfast.js";
import { createReporter, type Reporter } from "./support/reporter.js";

let name: string;
let serial = 0;
let reporters: readonly [Reporter, Reporter];

/** Of these tests alone: other sets of nodes on the same servers would be warned of. */
let servers: RedisServer[];
beforeAll(async () => {
  servers = await startAll(Array.from({ length: 3 }, () => () => startServer()));
});
afterAll(() => stopAll(servers));

const run = (...command: string[]) => [
  "run",
  "--elect",
  name,
  "--json",
  ...["--node-timeout", "2s", "--ttl", "10s", "--grace", "1s"],
  ...servers.flatMap(({ url }) => ["--node", url]),
  ...command,
];

beforeEach(async () => {
  serial += 1;
  name = `cli-elect-${process.pid}-${serial}`;
  reporters = [await createReporter(), await createReporter()];
});
afterEach(async () => {
  await endAll();
  for (const reporter of reporters) await reporter.remove();
});

const count = (running: Holdfast, name: string) =>
  running.events.filter(({ event }) => event === name).length;

/** Starts two candidates. The first one leads, and the second one waits. */
async function two(...flags: string[]) {
  const first = await startHoldfast(run(...flags, "--", ...reporters[0].command(false)));
  await reporters[0].works();
  const second = await startHoldfast(run(...flags, "--", ...reporters[1].command(false)));
  await second.logs("retrying");
  return { first, second };
}

test("the command runs where the leader is, and elsewhere at once after SIGTERM", async () => {
  const { first, second } = await two();
  expect(count(second, "started")).toBe(0);
  const { slack } = await timed(async () => {
    first.kill("SIGTERM");
    expect(await first.ended).toMatchObject({ code: 0 });
    await reporters[1].works();
  });
  expect(first.events.map(({ event }) => event)).toEqual(
    expect.arrayContaining(["elected", "started", "exit", "deposed"]),
  );
  const ended = first.events.find(({ event }) => event === "deposed");
  const elected = second.events.find(({ event }) => event === "elected");
  expect(ended).toMatchObject({ election: name, term: 1, reason: "closed" });
  expect(Number(elected?.time) - Number(ended?.time)).toBeLessThanOrEqual(1_000 + slack);
});

test("the command ends with the leadership, and runs again when its process leads again", async () => {
  const { first, second } = await two();
  await Promise.all(servers.map(({ port }) => callRedis(port, ["DEL", name])));
  await first.logs("deposed");
  await reporters[1].works();
  expect(count(second, "started")).toBe(1);
  await reporters[0].isEnded(10_000);
  expect(first.child.exitCode).toBeNull();
  second.kill("SIGTERM");
  await second.ended;
  await waitUntil("it leads again", 20_000, () => count(first, "started") === 2);
});

test.each([
  [0, ["true"]],
  [7, ["sh", "-c", "exit 7"]],
  [127, ["holdfast-no-such-command"]],
])("a command that ends by itself ends the run with %d, and nothing is held", async (code, command) => {
  expect(await holdfast(run("--", ...command))).toMatchObject({ code });
  const keys = await Promise.all(servers.map(({ port }) => callRedis(port, ["EXISTS", name])));
  expect(keys.filter((found) => found === 0).length).toBeGreaterThanOrEqual(2);
});

test("--restart starts the command again while the process leads, until a signal asks for the end", async () => {
  const running = await startHoldfast(run("--restart", "--", "sh", "-c", "exit 3"));
  await waitUntil("it is to be started a third time again", 20_000, () => count(running, "warning") === 3);
  expect(count(running, "elected")).toBe(1);
  const starts = running.events.filter(({ event }) => event === "started").map(({ time }) => Number(time));
  expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(500);
  expect((starts[2] ?? 0) - (starts[1] ?? 0)).toBeGreaterThanOrEqual(1_000);
  running.kill("SIGTERM");
  expect((await running.ended).code).toBe(143);
});

test("a signal ends a command that is restarted otherwise, with its exit code", async () => {
  const running = await startHoldfast(run("--restart", "--", ...reporters[0].command(false)));
  await reporters[0].works();
  running.kill("SIGTERM");
  expect(await running.ended).toMatchObject({ code: 0 });
  expect(count(running, "started")).toBe(1);
});

test("a signal ends a campaign, as it would end any command", async () => {
  const { second } = await two();
  second.kill("SIGINT");
  expect(await second.ended).toMatchObject({ code: 130 });
});
