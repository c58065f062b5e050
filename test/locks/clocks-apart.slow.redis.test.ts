import { expect, it, onTestFinished } from "vitest";
import type { Locks } from "../../src/index.js";
import { callRedis, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { locksOf } from "./support.js";

/** Three servers whose clocks are 10 s behind, right, and 10 s ahead. */
async function clocksApart(): Promise<string[]> {
  const servers = await startAll([-10, 0, 10].map((clockAhead) => () => startServer({ clockAhead })));
  onTestFinished(() => stopAll(servers));
  const times = await Promise.all(servers.map((server) => server.call("TIME")));
  const [behind = 0, right = 0, ahead = 0] = times.map((time) => Number((time as string[])[0]));
  expect(right - behind).toBeGreaterThanOrEqual(9);
  expect(ahead - right).toBeGreaterThanOrEqual(9);
  return servers.map(({ url }) => url);
}

it("nodes whose clocks are 10 s apart grant, queue, fence and expire as others do", async () => {
  const nodes = await clocksApart();
  const locksFor = (owner: string) => locksOf(nodes, { owner, ttl: 2_000, nodeTimeout: 1_000 });
  const [holder, other, third] = [locksFor("holder"), locksFor("other"), locksFor("third")];
  const first = await holder.acquire("a", { fence: true });
  expect(await other.tryAcquire("a")).toBeNull();
  await first.renew();

  const order: string[] = [];
  const use = (locks: Locks, name: string) =>
    locks.using("a", { fence: true, wait: 20_000 }, async ({ fence }) => {
      order.push(name);
      return fence;
    });
  const second = use(other, "other");
  await expect.poll(async () => queued(nodes)).toBe(1);
  const last = use(third, "third");
  await expect.poll(async () => queued(nodes)).toBe(2);
  await first.release();
  const fences = [first.fence, await second, await last];
  expect(order).toEqual(["other", "third"]);
  expect(fences).toEqual([...fences].sort((a, b) => a - b));
  expect(new Set(fences).size).toBe(3);

  const dying = await holder.acquire("b", { renew: false });
  await (await other.acquire("b", { wait: 20_000 })).release();
  expect(dying.remaining()).toBe(0);
});

/** The number of waiters that all nodes know. */
async function queued(nodes: readonly string[]): Promise<number> {
  const counts = await Promise.all(
    nodes.map(async (node) =>
      Number(await callRedis(Number(new URL(node).port), ["ZCOUNT", "holdfast:queue:a", "(0", "+inf"])),
    ),
  );
  return Math.min(...counts);
}
