import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { createLocks, type FencedLease } from "../../src/index.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { ask } from "../engine/batches.js";
import { seeded } from "../support/chance.js";
import { far } from "../support/far-node.js";
import { unluckyMinority } from "../support/unlucky-minority.js";

/** TTL in ms. */
const ttl = 400;

const kinds = [
  "reader",
  "reader",
  "reader",
  "unfairReader",
  "writer",
  "upgrader",
  "upgrader",
  "byHand",
] as const;
type Kind = (typeof kinds)[number];

/** Who is inside, by the clock of its lease. */
interface Inside {
  readonly isReader: () => boolean;
  readonly remaining: () => number;
}

/** Follows the Redlock specification: SET NX on each node. */
async function byHand(nodes: readonly LockNode[], clock: VirtualClock, token: string) {
  const start = clock.monotonic();
  let granted = 0;
  for (const node of nodes) {
    void ask(node, { command: { op: "acquire", keys: ["a"], token, ttl }, wanted: () => true }).then(
      ({ kind }) => {
        if (kind === "granted") granted++;
      },
    );
  }
  await new Promise<void>((resolve) => clock.after(100, resolve));
  const remaining = () => start + ttl - (ttl / 100 + 2) - clock.monotonic();
  const release = async () => {
    for (const node of nodes)
      void ask(node, { command: { op: "release", keys: ["a"], token }, wanted: () => true });
  };
  if (granted > nodes.length / 2 && remaining() > 0) return { remaining, release };
  await release();
  return null;
}

/** Returns how often each kind was inside, alone or together with readers. */
async function contend(seed: number, size: number): Promise<Record<string, number>> {
  const clock = new VirtualClock();
  const chance = seeded(seed);
  const nodes = Array.from({ length: size }, () => memoryNode(undefined, { clock }));
  const inside = new Set<Inside>();
  const counts: Record<string, number> = {};
  const violations: string[] = [];
  const fences: { fence: number; isReader: boolean }[] = [];
  const path = {
    delay: () => chance() ** 3 * 60,
    losesReply: () => chance() < 0.05,
    losesMessage: () => chance() < 0.2,
  };
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const enter = (kind: Kind | "upgraded", one: Inside) => {
    const others = [...inside].filter((other) => other !== one && other.remaining() > 0);
    if (one.remaining() <= 0) return;
    count(kind);
    if (others.length > 0) count("together");
    if (others.some((other) => !other.isReader() || !one.isReader())) violations.push(kind);
    inside.add(one);
  };
  const noteFence = ({ fence, mode }: FencedLease) => {
    const isReader = mode === "shared";
    const above = fences.filter((earlier) => !isReader || !earlier.isReader);
    if (above.some((earlier) => earlier.fence >= fence)) violations.push(`fence of a ${mode} lease`);
    fences.push({ fence, isReader });
  };
  const pause = () => new Promise<void>((resolve) => clock.after(chance() * 300, resolve));
  const contenders = kinds.map(async (kind, index) => {
    const ours = nodes.map((node) => far(node, clock, path));
    const secret = () => `${index}${String(chance()).slice(2)}`.padEnd(22, "0").slice(0, 22);
    const locks = createLocks({
      nodes: ours,
      clock,
      random: { secret, fraction: chance },
      ttl,
      nodeTimeout: 100,
    });
    const mode = kind === "writer" ? "exclusive" : "shared";
    for (let round = 0; round < (kind === "byHand" ? 15 : 4); round++) {
      if (kind === "byHand") {
        const held = await byHand(ours, clock, `foreign${chance()}`);
        const one = held && { isReader: () => false, remaining: held.remaining };
        if (one !== null) enter(kind, one);
        await pause();
        if (one !== null && chance() > 0.2) inside.delete(one);
        if (one !== null && !inside.has(one)) await held?.release();
        continue;
      }
      const abort = new AbortController();
      if (chance() < 0.2) clock.after(chance() * 1_000, () => abort.abort());
      const renew = chance() < 0.7;
      const options = { mode, wait: 8_000, fence: true, fair: kind !== "unfairReader" } as const;
      const lease = await locks.acquire("a", { ...options, renew, signal: abort.signal }).catch(() => null);
      if (lease === null) continue;
      noteFence(lease);
      const one = { isReader: () => lease.mode === "shared", remaining: () => lease.remaining() };
      enter(kind, one);
      await pause();
      if (kind === "upgrader") {
        const upgraded = lease.upgrade({ wait: chance() * 1_000 }).then(
          () => true,
          () => false,
        );
        if (await upgraded) {
          noteFence(lease);
          enter("upgraded", one);
          await pause();
        }
      }
      // Some crash: their lease runs out.
      if (!renew && chance() < 0.4) continue;
      inside.delete(one);
      await lease.release();
    }
  });
  await unluckyMinority(nodes, clock, chance);
  await Promise.all(contenders);
  expect(violations).toEqual([]);
  return counts;
}

describe("rule 1: a writer is beside nobody", () => {
  it("holds between readers, writers, readers that become writers, and other clients", async () => {
    const all = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1 }), fc.constantFrom(1, 3, 5), async (seed, size) => {
        for (const [kind, times] of Object.entries(await contend(seed, size)))
          all.set(kind, (all.get(kind) ?? 0) + times);
      }),
      { numRuns: 8, seed: 20261130, endOnFailure: true },
    );
    for (const kind of ["reader", "unfairReader", "writer", "upgraded", "together"])
      expect([kind, (all.get(kind) ?? 0) > 10]).toEqual([kind, true]);
    // A client without a place in the line seldom finds the lock free.
    expect(all.get("byHand")).toBeGreaterThan(2);
  }, 120_000);
});
