import { afterEach, beforeEach, expect, test } from "vitest";
import { uniqueName } from "../locks/support.js";
import { giveMemory } from "../support/memory.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { waitUntil } from "../support/wait-until.js";
import { endAll, type Holdfast, holdfast, startHoldfast } from "./support/holdfast.js";

/** Three servers, of which the first has been in use and the others are new. */
let servers: RedisServer[];
let urls: string[];
beforeEach(async () => {
  servers = await startAll([0, 1, 2].map(() => () => startServer()));
  urls = servers.map(({ url }) => url);
  await giveMemory(servers[0]?.port ?? 0);
});
afterEach(async () => {
  await endAll();
  await stopAll(servers);
});

const nodeFlags = (all: readonly string[]) => all.flatMap((url) => ["--node", url]);
const joint = () => [...nodeFlags(urls), "--previous-node", urls[0] as string];
const run = (resource: string, nodes: readonly string[], ...command: string[]) => [
  ...["run", "--resource", resource, ...nodes, "--json", "--wait", "20s", "--"],
  ...command,
];
const holds = (one: Holdfast) =>
  waitUntil("the lock is held", 20_000, () => one.events.some(({ event }) => event === "acquired"));

test("run with the nodes before a change excludes those before and after it, without waiting for new nodes", async () => {
  const resource = uniqueName();
  const held = await startHoldfast(run(resource, joint(), "sleep", "60"));
  await holds(held);
  for (const nodes of [nodeFlags(urls.slice(0, 1)), nodeFlags(urls)]) {
    const { code } = await holdfast(["run", "--resource", resource, ...nodes, "--no-wait", "--", "true"]);
    expect(code).toBe(75);
  }
});

test("a lock of the old set is seen with both, but not with the new nodes alone", async () => {
  const resource = uniqueName();
  const old = await startHoldfast(run(resource, nodeFlags(urls.slice(0, 1)), "sleep", "60"));
  await holds(old);
  const inspect = async (...nodes: string[]) =>
    JSON.parse((await holdfast(["inspect", resource, ...nodes, "--json"])).stdout).held;
  expect(await inspect(...joint())).toBe(true);
  expect(await inspect(...nodeFlags(urls))).toBe(false);
});

test("the environment names the nodes before a change, and the doctor examines each node once", async () => {
  const env = { HOLDFAST_NODES: urls.join(" "), HOLDFAST_PREVIOUS_NODES: urls[0] as string };
  const { code } = await holdfast(run(uniqueName(), [], "true"), { env });
  expect(code).toBe(0);
  const { stdout } = await holdfast(["doctor", "--json"], { env });
  const report = JSON.parse(stdout) as {
    nodes: { node: string }[];
    set: { code: string; value: Record<string, unknown> }[];
  };
  expect(report.nodes.map(({ node }) => node)).toEqual(urls);
  const valuesOf = (wanted: string) => report.set.flatMap((one) => (one.code === wanted ? [one.value] : []));
  expect(valuesOf("quorum")).toEqual([
    { nodes: 3, quorum: 2, reached: 3 },
    { nodes: 1, quorum: 1, reached: 1, previous: true },
  ]);
  expect(valuesOf("sets")).toMatchObject([{ from: 1, to: 3, ready: true }]);
});
