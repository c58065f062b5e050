import { describe, expect, it } from "vitest";
import { systemRandom } from "../../src/engine/time/random.js";
import { TestNodes } from "../manager/test-nodes.js";
import { CountedNode } from "./counted-node.js";

const count = 200;

/** A seeded generator, so that every run is the same. */
function chance() {
  let state = 20261121;
  const fraction = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return { fraction, secret: systemRandom.secret };
}

function renewing(ttl: number) {
  const testNodes = new TestNodes(3);
  const nodes = testNodes.nodes.map((node) => new CountedNode(node));
  const locks = testNodes.locks({ nodes, grouping: true, ttl, random: chance() });
  const renewals: { resource: string; at: number }[] = [];
  const lost: string[] = [];
  locks.on("renewed", ({ resources: [resource = ""] }) => {
    renewals.push({ resource, at: testNodes.clock.monotonic() });
  });
  locks.on("expired", ({ resources: [resource = ""] }) => lost.push(resource));
  locks.on("quorumLost", ({ resources: [resource = ""] }) => lost.push(resource));
  const acquireAll = (leases = count) =>
    Promise.all(Array.from({ length: leases }, (_, index) => locks.acquire(`r${index}`)));
  return { testNodes, nodes, locks, renewals, lost, acquireAll };
}

describe("leases that were acquired in one tick", { timeout: 600_000 }, () => {
  it.each([200, 2_000])(
    "are renewed in at most 20 calls per second, and none is lost: %i",
    async (leased) => {
      const { testNodes, nodes, locks, renewals, lost, acquireAll } = renewing(10_000);
      const leases = await acquireAll(leased);
      for (const node of nodes) node.look();
      await testNodes.clock.advance(60_000);
      expect(lost).toEqual([]);
      for (const lease of leases) expect(lease.remaining()).toBeGreaterThan(4_900);
      expect(renewals.length).toBeGreaterThan(leased * 11);
      for (const node of nodes) {
        const { batches, commands } = node.look();
        expect(commands).toBe(renewals.length);
        expect(batches).toBeLessThanOrEqual(60 * 20);
        expect(batches).toBeLessThan(renewals.length / 3);
      }
      await locks.close();
      expect(testNodes.clock.pending).toBe(0);
    },
  );

  it.each([200, 1_000, 10_000, 60_000])(
    "are each renewed between a third and half of their validity, every time: ttl %i",
    async (ttl) => {
      const { testNodes, renewals, acquireAll } = renewing(ttl);
      await acquireAll();
      await testNodes.clock.advance(ttl * 3);
      const validity = ttl - ttl * 0.01 - 2;
      const last = new Map<string, number>();
      for (const { resource, at } of renewals) {
        const waited = at - (last.get(resource) ?? 0);
        expect(waited).toBeLessThanOrEqual(validity / 2 + 1);
        expect(waited).toBeGreaterThan(validity / 3);
        last.set(resource, at);
      }
      expect(last.size).toBe(count);
    },
  );

  it.each([200, 5_000])("are renewed together, up to about one call's worth at once: %i", async (leased) => {
    const { testNodes, renewals, acquireAll } = renewing(10_000);
    await acquireAll(leased);
    await testNodes.clock.advance(40_000);
    const perMs = new Map<number, number>();
    for (const { at } of renewals) perMs.set(at, (perMs.get(at) ?? 0) + 1);
    const most = Math.max(...perMs.values());
    expect(most).toBeGreaterThanOrEqual(200);
    expect(most).toBeLessThanOrEqual(600);
  });
});
