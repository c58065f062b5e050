import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { waitUntil } from "../support/servers.js";
import { locksOf, ownServers } from "./support.js";

const day = 86_400_000;
const options = { ttl: 1_000, nodeTimeout: 250 } as const;

async function started() {
  const servers = await ownServers(3);
  const nodes = servers.map(({ url }) => url);
  return { servers, locks: locksOf(nodes, options), others: locksOf(nodes, { ...options, owner: "others" }) };
}

const attempt = (locks: Locks, resource: string) => locks.tryAcquire(resource).catch(() => null);
const health = async (locks: Locks, node: number) => (await locks.inspect("x")).nodes[node]?.health;

describe("a lease of a day", () => {
  it("that is over blocks no caller when servers are restarted, one after the other", async () => {
    const { servers, locks } = await started();
    await (await locks.acquire("once", { ttl: day })).release();
    for (const server of servers.slice(0, 2)) {
      await server.restart();
      await (await attempt(locks, "between"))?.release();
    }
    const lease = await locks.acquire("x", { wait: 15_000 });
    expect(lease.remaining()).toBeGreaterThan(0);
    await lease.release();
  });

  it("that is held is granted to no other client when two servers are restarted", async () => {
    const { servers, locks, others } = await started();
    const lease = await locks.acquire("held", { ttl: day, renew: false });
    await (await others.acquire("warm")).release();
    for (const server of servers.slice(0, 2)) {
      await server.restart();
      await attempt(others, "between");
    }
    // This time exceeds the abstention for short leases.
    for (const until = Date.now() + 4_000; Date.now() < until; ) {
      const other = await attempt(others, "held");
      expect(other).toBeNull();
      // Attempts that fail at once must not keep the event loop from reading what the servers say.
      await nextTurn();
    }
    expect(lease.remaining()).toBeGreaterThan(0);
    await waitUntil("node 0 abstains", 10_000, async () => (await health(others, 0)) === "quarantined");
    expect(await attempt(others, "held")).toBeNull();
  });

  it("that is released no longer extends the abstention", async () => {
    const { servers, locks, others } = await started();
    const lease = await locks.acquire("held", { ttl: day, renew: false });
    await servers[0]?.restart();
    await waitUntil("the others know that it forgot", 10_000, async () => {
      await attempt(others, "between");
      return (await health(others, 0)) === "quarantined";
    });
    const error = await lease.renew(day).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeNull();
    await lease.release();
    await waitUntil("it votes again", 15_000, async () => (await health(others, 0)) === "ready");
  });

  it("no longer extends the abstention when an operator ends the quarantine", async () => {
    const { servers, locks, others } = await started();
    await locks.acquire("held", { ttl: day, renew: false });
    await servers[0]?.restart();
    await waitUntil("the others know that it forgot", 10_000, async () => {
      await attempt(others, "between");
      return (await health(others, 0)) === "quarantined";
    });
    const operator = locksOf(
      servers.map(({ url }) => url),
      { ...options, quarantine: 0 },
    );
    await (await operator.acquire("anything")).release();
    await waitUntil("it votes again", 15_000, async () => (await health(others, 0)) === "ready");
  });
});
