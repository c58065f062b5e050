import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { createLocks } from "../../src/index.js";
import { Redlock } from "../../src/redlock.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { ask } from "../engine/batches.js";
import { seeded } from "../support/chance.js";
import { far } from "../support/far-node.js";
import { unluckyMinority } from "../support/unlucky-minority.js";

/** TTL in ms. */
const ttl = 400;

interface Held {
  /** Returns the remaining validity in ms. */
  remaining(): number;
}

/** Tries to acquire the lock. Resolves with null if the lock was not granted. */
type Take = () => Promise<(Held & { give(): Promise<unknown> }) | null>;

/** Follows the Redlock specification without queues. */
function byHand(nodes: readonly LockNode[], clock: VirtualClock, chance: () => number): Take {
  const send = (node: LockNode, command: LockCommand) => ask(node, { command, wanted: () => true });
  return async () => {
    const token = `foreign${chance()}`;
    const start = clock.monotonic();
    const release = () => {
      for (const node of nodes) void send(node, { op: "release", keys: ["a"], token });
    };
    let granted = 0;
    await new Promise<void>((resolve) => {
      clock.after(100, resolve);
      for (const node of nodes) {
        void send(node, { op: "acquire", keys: ["a"], token, ttl }).then(({ kind }) => {
          if (kind === "granted") granted++;
        });
      }
    });
    const remaining = () => start + ttl - (ttl / 100 + 2) - clock.monotonic();
    if (granted > nodes.length / 2 && remaining() > 0) return { remaining, give: async () => release() };
    release();
    return null;
  };
}

const kinds = ["fair", "fair", "unfair", "several", "redlock", "byHand"] as const;

/** Returns how often each kind held the lock. */
async function contend(seed: number, size: number): Promise<Record<string, number>> {
  const clock = new VirtualClock();
  const chance = seeded(seed);
  const nodes = Array.from({ length: size }, () => memoryNode(undefined, { clock }));
  const held = new Set<Held>();
  const grants: Record<string, number> = {};
  const overlaps: string[] = [];
  const path = {
    delay: () => chance() ** 3 * 60,
    losesReply: () => chance() < 0.05,
    losesMessage: () => chance() < 0.2,
  };
  const open = (kind: (typeof kinds)[number], index: number): Take => {
    const ours = nodes.map((node) => far(node, clock, path));
    const secret = () => `${index}${String(chance()).slice(2)}`.padEnd(22, "0").slice(0, 22);
    const random = { secret, fraction: chance };
    if (kind === "byHand") return byHand(ours, clock, chance);
    if (kind === "redlock") {
      const redlock = new Redlock(ours, { clock, random, nodeTimeout: 100, retryCount: 5, retryDelay: 50 });
      return async () => {
        const lock = await redlock.acquire(["a"], ttl);
        return { remaining: () => lock.expiration - clock.wall(), give: () => redlock.release(lock) };
      };
    }
    const locks = createLocks({ nodes: ours, clock, random, ttl, nodeTimeout: 100, fair: kind !== "unfair" });
    const wanted = kind === "several" ? ["a", `b${index}`] : "a";
    return async () => {
      const signal = new AbortController();
      if (chance() < 0.2) clock.after(chance() * 1_000, () => signal.abort());
      const renew = chance() < 0.5;
      const lease = await locks.acquire(wanted, { wait: 20_000, renew, signal: signal.signal });
      return { remaining: () => lease.remaining(), give: () => lease.release() };
    };
  };
  const contenders = kinds.map(async (kind, index) => {
    const take = open(kind, index);
    // A client without queues does not wait, so it needs more attempts.
    for (let round = 0; round < (kind === "byHand" ? 20 : 4); round++) {
      const lease = await take().catch(() => null);
      if (lease !== null && lease.remaining() > 0) {
        grants[kind] = (grants[kind] ?? 0) + 1;
        if ([...held].some((other) => other.remaining() > 0)) overlaps.push(kind);
        held.add(lease);
      }
      await new Promise<void>((resolve) => clock.after(chance() * 300, resolve));
      if (lease === null || chance() < 0.2) continue;
      held.delete(lease);
      await lease.give().catch(() => {});
    }
  });
  await unluckyMinority(nodes, clock, chance);
  await Promise.all(contenders);
  expect(overlaps).toEqual([]);
  return grants;
}

describe("rule 1: exclusion", () => {
  it("holds between callers that queue, barge, give up or do not use queues", async () => {
    const grants = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1 }), fc.constantFrom(1, 3, 5), async (seed, size) => {
        for (const [kind, times] of Object.entries(await contend(seed, size))) {
          grants.set(kind, (grants.get(kind) ?? 0) + times);
        }
      }),
      { numRuns: 25, seed: 20261121 },
    );
    for (const kind of kinds) expect([kind, (grants.get(kind) ?? 0) > 20]).toEqual([kind, true]);
  }, 120_000);
});
