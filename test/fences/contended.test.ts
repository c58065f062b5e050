import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/api/types.js";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks } from "../../src/create-locks.js";
import { FenceSource } from "../../src/engine/protocol/fence.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { far } from "../support/far-node.js";
import { FenceLog } from "./fence-log.js";
import { SkewedClock } from "./skewed-clock.js";

const hour = 3_600_000;

interface Machine {
  /** ms that a message takes each way. */
  readonly delay: number;
  /** ms by which the wall clock of the machine is ahead. */
  readonly ahead: number;
}

const slow: Machine = { delay: 100, ahead: 0 };
const quick: Machine = { delay: 2, ahead: 0 };

/** Processes of different machines that acquire leases of new resources. */
class NewResources {
  readonly clock = new VirtualClock();
  readonly fenceLog = new FenceLog();
  readonly failures: unknown[] = [];
  private readonly nodes: MemoryNode[] = [0, 1, 2].map((index) =>
    memoryNode(`node-${index}`, { clock: this.clock }),
  );
  private readonly all: Locks[] = [];
  private serial = 0;
  private over = false;

  async process({ delay, ahead }: Machine): Promise<Locks> {
    const nodes = this.nodes.map((node) => far(node, this.clock, { delay: () => delay }));
    const locks = createLocks({ nodes, clock: new SkewedClock(this.clock, ahead), wait: 60_000 });
    this.all.push(locks);
    await this.run(locks.using(`met by ${this.serial++}`, () => {}));
    return locks;
  }

  /** Acquires and releases one lease of new resources. `adopter`, if given, adopts the lease before the release. */
  async lease(locks: Locks, adopter?: Locks): Promise<void> {
    const resources = [`fresh-${this.serial++}`, `fresh-${this.serial++}`];
    const lease = await locks.acquire(resources, { fence: true });
    this.fenceLog.note(resources, lease.fence);
    if (adopter === undefined) return void (await lease.release());
    const adopted = await adopter.adopt(lease.handover(), { fence: true });
    this.fenceLog.note(resources, adopted.fence);
    await adopted.release();
  }

  /** Acquires one lease after another. The returned function returns the number of leases so far. */
  busy(locks: Locks, adopter?: Locks): () => number {
    let leases = 0;
    const work = async () => {
      while (!this.over) {
        await this.lease(locks, adopter).then(
          () => leases++,
          (error) => this.failures.push(error),
        );
      }
    };
    void work();
    return () => leases;
  }

  async run(promise: Promise<unknown>): Promise<void> {
    let over = false;
    const finish = () => {
      over = true;
    };
    promise.then(finish, finish);
    for (let times = 0; !over && times < 100; times++) await this.clock.advance(50);
    await promise;
  }

  async end(): Promise<void> {
    this.over = true;
    await this.clock.advance(3_000);
    for (const locks of this.all) void locks.close();
    await this.clock.advance(1_000);
  }
}

/**
 * Returns how many leases this machine gets in `ms` ms beside other machines under full load, after one lease by a
 * clock that is an hour ahead. `adopted`: another process of the machine adopts each lease.
 */
async function leasesOf(machine: Machine, others: readonly Machine[], ms: number, adopted: boolean) {
  const newResources = new NewResources();
  const own = await newResources.process(machine);
  const adopter = adopted ? await newResources.process(machine) : undefined;
  const rest: Locks[] = [];
  for (const other of others) rest.push(await newResources.process(other));
  await newResources.run(newResources.lease(await newResources.process({ delay: 1, ahead: hour })));
  const counts = rest.flatMap((locks) => [newResources.busy(locks), newResources.busy(locks)]);
  await newResources.clock.advance(100);
  const count = newResources.busy(own, adopter);
  const before = counts.map((each) => each());
  await newResources.clock.advance(ms);
  const leases = count();
  const meanwhile = counts.map((each, index) => each() - (before[index] ?? 0));
  await newResources.end();
  expect(newResources.failures).toEqual([]);
  expect(newResources.fenceLog.wrong).toEqual([]);
  // The bound is the clock that is furthest ahead, plus one for each proposal.
  const furthest = (newResources.clock.wall() + Math.max(hour, machine.ahead)) * 1_000;
  expect(newResources.fenceLog.highest).toBeLessThan(furthest + 2 * newResources.fenceLog.leases);
  return { leases, leastOfOthers: Math.min(...meanwhile) };
}

describe("fences of new resources", () => {
  it.each<[string, Machine, number]>([
    ["a slow process", slow, 6_000],
    ["a slow process whose clock is behind", { ...slow, ahead: -hour }, 6_000],
    ["a slow process whose clock is still further ahead", { ...slow, ahead: 2 * hour }, 6_000],
    ["a quick process whose clock is behind", { ...quick, ahead: -hour }, 1_000],
  ])(
    "reach %s beside quick processes, after a lease by a clock that is an hour ahead",
    async (_, machine, ms) => {
      const others = [quick, { delay: 5, ahead: 60_000 }, { delay: 3, ahead: -60_000 }];
      for (const adopted of [false, true]) {
        const alone = await leasesOf(machine, [], ms, adopted);
        const among = await leasesOf(machine, others, ms, adopted);
        // On its own, a lease takes two round trips, one more for a refused proposal and one more when adopted.
        expect(among.leases).toBeGreaterThanOrEqual(alone.leases / 2);
        expect(among.leastOfOthers).toBeGreaterThan(ms / 60);
      }
    },
    30_000,
  );
});

describe("the proposals of a fence source", () => {
  const chance = { secret: () => "", fraction: () => 0.5 };
  const epoch = new VirtualClock().wall();

  it("are the time in µs, and grow by at least one", () => {
    const source = new FenceSource(new VirtualClock(), chance);
    expect([1, 2, 3].map(() => source.propose() - epoch * 1_000)).toEqual([500, 501, 502]);
  });

  it("exceed every seen fence, and then follow the clock that was ahead", async () => {
    const clock = new VirtualClock();
    const source = new FenceSource(clock, chance);
    source.propose();
    const seen = (epoch + hour) * 1_000 + 7;
    expect(source.raise([seen, 3])).toBe(seen + 1);
    expect(source.propose()).toBe(seen - 7 + 500);
    for (const passed of [1, 40, 5_000, hour]) {
      const since = clock.monotonic();
      await clock.advance(passed - since);
      expect(source.propose()).toBe(seen - 7 + passed * 1_000 + 500);
    }
    expect(source.raise([seen])).toBe(seen - 7 + hour * 1_000 + 501);
  });

  it("ignore a wall clock that is set back, and follow a forward step only once", async () => {
    const clock = new VirtualClock();
    const source = new FenceSource(clock, chance);
    const first = source.propose();
    for (let times = 0; times < 10; times++) {
      clock.stepWall(-hour);
      await clock.advance(10);
      source.propose();
      clock.stepWall(hour);
      await clock.advance(10);
    }
    expect(source.propose()).toBe(first + 200_000);
    clock.stepWall(hour);
    expect(source.propose()).toBe(first + 200_000 + hour * 1_000);
  });

  it("do not escalate when several sources raise each other's fences", async () => {
    const clock = new VirtualClock();
    const sources = [0, 1, 2].map(() => new FenceSource(clock, chance));
    let highest = 0;
    const times = 10_000;
    for (let nth = 0; nth < times; nth++) {
      const source = sources[nth % 3];
      let fence = source?.propose() ?? 0;
      if (fence <= highest) fence = source?.raise([highest]) ?? 0;
      expect(fence).toBeGreaterThan(highest);
      highest = fence;
      if (nth % 100 === 0) await clock.advance(1);
    }
    expect(highest).toBeLessThanOrEqual(clock.wall() * 1_000 + 1_000 + times);
  });
});
