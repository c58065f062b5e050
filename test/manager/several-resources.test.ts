import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/api/types.js";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks } from "../../src/create-locks.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { seeded } from "../support/chance.js";
import { far } from "../support/far-node.js";
import { standIn } from "./queues.js";
import { settle, TestNodes } from "./test-nodes.js";

const seeds = [1, 2, 3, 4, 5];

/** Processes with connections of their own to the same memory nodes; each message takes 1 to 6 ms. */
class Busy {
  readonly clock = new VirtualClock();
  readonly nodes: MemoryNode[];
  readonly chance: () => number;
  /** Acquire commands of several resources, and of one. */
  readonly asked = { several: 0, single: 0 };
  private open = 0;

  constructor(seed: number, size = 3) {
    this.chance = seeded(seed * 104_729);
    this.nodes = Array.from({ length: size }, (_, index) =>
      memoryNode(`node-${index}`, { clock: this.clock }),
    );
  }

  /** `isDead`: whether nothing of it gets through any more. `way`: ms that each of its messages takes at least. */
  process(options: { readonly isDead?: () => boolean; readonly way?: number } = {}): Locks {
    const { clock, chance } = this;
    const index = this.open++;
    const sees = (command: LockCommand) => {
      if (command.op === "acquire") this.asked[command.keys.length > 1 ? "several" : "single"]++;
    };
    const nodes = this.nodes.map((node) => {
      const least = (options.way ?? 1) + chance();
      const delay = () => (options.isDead?.() ? 1e9 : least + chance() ** 6 * 4);
      return far(node, clock, { delay, sees });
    });
    const secret = () => `${index}-${String(chance()).slice(2)}`.padEnd(22, "0").slice(0, 22);
    return createLocks({ nodes, clock, random: { secret, fraction: chance }, wait: 60_000 });
  }

  async met(all: readonly Locks[]): Promise<void> {
    const met = all.map((locks, index) => locks.using(`met by ${index}`, async () => {}));
    await this.clock.advance(2_000);
    await Promise.all(met);
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  /** Settles it while virtual time goes by. */
  async run<T>(promise: Promise<T>, limit: number): Promise<T> {
    let over = false;
    const finish = () => {
      over = true;
    };
    promise.then(finish, finish);
    for (let spent = 0; !over && spent < limit; spent += 5) await this.clock.advance(5);
    if (!over) throw new Error(`still pending after ${limit} ms of virtual time`);
    return promise;
  }

  async end(all: readonly Locks[]): Promise<void> {
    for (const locks of all) void locks.close({ timeout: 100 });
    await this.clock.advance(1_000);
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
const names = ["a", "b", "c"];

/** Where the callers are: each in a process of its own, all in one, or those of one resource in one. */
const spreads = {
  "each in a process of its own": (index: number) => index,
  "all in one process": () => 0,
  "those of each resource in one process": (index: number) => index % 3,
} as const;

/**
 * ms that each of four callers a resource, and one who wants `wanted`, waited, time and again. `way`: ms that each message
 * of the latter takes.
 */
async function contend(seed: number, spread: (index: number) => number, wanted = names, way = 1) {
  const busy = new Busy(seed);
  const { chance, clock } = busy;
  const processes: Locks[] = [];
  const processOf = (index: number): Locks =>
    (processes[spread(index)] ??= busy.process(index === 12 ? { way } : {}));
  for (let index = 0; index <= 12; index++) processOf(index);
  await busy.met(processes);
  const waits = { single: [] as number[], several: [] as number[] };
  let over = false;
  const caller = async (locks: Locks, wanted: string | string[], into: number[]) => {
    while (!over) {
      const start = clock.monotonic();
      const lease = await locks.acquire(wanted);
      into.push(clock.monotonic() - start);
      await busy.pass(chance() * 30);
      void lease.release();
      await busy.pass(chance() * 3);
    }
  };
  const all = Array.from({ length: 12 }, (_, index) =>
    caller(processOf(index), names[index % 3] as string, waits.single),
  );
  await clock.advance(500);
  all.push(caller(processOf(12), wanted, waits.several));
  await clock.advance(10_000);
  over = true;
  await busy.run(Promise.all(all), 10_000);
  await busy.end(processes);
  return waits;
}

describe("several resources at once, each of which four others keep busy", () => {
  it.each(Object.entries(spreads))(
    "are granted within 20 times a single one's wait, and again and again: %s",
    async (_, spread) => {
      for (const seed of seeds) {
        const { single, several } = await contend(seed, spread);
        const bound = 20 * mean(single);
        expect({ seed, bound, slow: several.filter((wait) => wait > bound) }).toMatchObject({ slow: [] });
        expect(several.length).toBeGreaterThan(10_000 / bound);
        // A single one need not wait for ever, either: four others, and the one who wants all, are before it.
        expect(Math.max(...single)).toBeLessThan(bound);
      }
    },
    60_000,
  );
});

describe("a process whose round trip is longer than a free lock is kept for others", () => {
  it.each([
    ["one resource", ["a"]],
    ["several resources", names],
  ])(
    "is served in its turn beside busy ones that are near: %s",
    async (_, wanted) => {
      for (const seed of seeds) {
        const { single, several } = await contend(seed, (index) => index, wanted, 100);
        expect({ seed, waited: Math.max(...several) / mean(single) }.waited).toBeLessThan(10);
        expect(several.length).toBeGreaterThan(10);
      }
    },
    60_000,
  );
});

interface Wish {
  readonly name: number;
  readonly wanted: readonly string[];
  readonly hold: number;
  granted: number;
}

describe("those who want sets of resources that overlap", () => {
  it("are all granted, in the order in which they came where they overlap, whatever they want", async () => {
    const letters = ["a", "b", "c", "d", "e", "f"];
    for (let seed = 1; seed <= 30; seed++) {
      const busy = new Busy(seed, [1, 3, 5][seed % 3]);
      const { chance, clock } = busy;
      const processes = Array.from({ length: 4 }, () => busy.process());
      await busy.met(processes);
      const gate = await busy.run(processes[0]!.acquire(letters), 100);
      const wishes: Wish[] = Array.from({ length: 24 }, (_, name) => {
        const order = letters.map((letter) => [chance(), letter] as const).sort(([x], [y]) => x - y);
        const wanted = order.slice(0, 1 + Math.floor(chance() * 4)).map(([, letter]) => letter);
        return { name, wanted, hold: chance() * 40, granted: Number.NaN };
      });
      const all = [];
      for (const wish of wishes) {
        const locks = processes[Math.floor(chance() * processes.length)];
        all.push(
          locks!.using([...wish.wanted], async () => {
            wish.granted = clock.monotonic();
            await busy.pass(wish.hold);
          }),
        );
        await clock.advance(2);
      }
      await clock.advance(500);
      void gate.release();
      // Not even if all wanted the same: each is held, and then a release, a message and a question travel.
      await busy.run(Promise.all(all), 24 * (40 + 60));
      const wrong = wishes.flatMap((one) =>
        wishes
          .filter(
            ({ name, wanted }) => name > one.name && wanted.some((letter) => one.wanted.includes(letter)),
          )
          .filter(({ granted }) => granted < one.granted)
          .map(({ name }) => `${name} before ${one.name}`),
      );
      expect({ seed, wrong }).toEqual({ seed, wrong: [] });
      await busy.end(processes);
    }
  }, 120_000);

  it("do not block each other where each has what the next one wants, and none of them waits in vain", async () => {
    for (const seed of seeds) {
      const busy = new Busy(seed);
      const { clock } = busy;
      const sets = [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
      ];
      const processes = sets.map(() => busy.process());
      await busy.met(processes);
      const had = [0, 0, 0];
      let over = false;
      const all = sets.map(async (wanted, index) => {
        while (!over) {
          await processes[index]!.using(wanted, () => busy.pass(10));
          had[index]!++;
        }
      });
      await clock.advance(5_000);
      over = true;
      await busy.run(Promise.all(all), 2_000);
      // Two messages' time, the hold, and one more for whoever must be told.
      expect(Math.min(...had)).toBeGreaterThan(5_000 / (3 * (10 + 40)));
      await busy.end(processes);
    }
  });
});

describe("one who waits for several resources", () => {
  /** It has been told that "a" is free, and still waits for "b". */
  async function halfFree(busy: Busy, options: { readonly isDead?: () => boolean } = {}) {
    const [holder, waiter, others] = [busy.process(), busy.process(options), busy.process()] as const;
    await busy.met([holder, waiter, others]);
    const [a, b] = await busy.run(Promise.all([holder.acquire("a"), holder.acquire("b")]), 100);
    const waiting = waiter.acquire(["a", "b"]);
    void waiting.catch(() => {});
    await busy.clock.advance(600);
    void a.release();
    await busy.clock.advance(100);
    return { b, waiting, waiter, others, all: [holder, waiter, others] };
  }

  it("asks seldom while one of them is held and the others are kept for it, and so do those behind it", async () => {
    const busy = new Busy(3);
    const { b, waiting, others, all } = await halfFree(busy);
    const behind = others.acquire("a");
    await busy.clock.advance(1_000);
    const { several, single } = busy.asked;
    let taken = 0;
    for (let at = 0; at < 10_000; at += 50) {
      // Those who do not wait are denied what is kept, and wake nobody.
      void others.tryAcquire("a").then((lease) => {
        if (lease !== null) taken++;
      });
      await busy.clock.advance(50);
    }
    expect(taken).toBe(0);
    expect((busy.asked.several - several) / 3).toBeLessThanOrEqual(10_000 / 300);
    expect((busy.asked.single - single) / 3 - 200).toBeLessThanOrEqual(10_000 / 300);
    const start = busy.clock.monotonic();
    void b.release();
    const lease = await busy.run(waiting, 1_000);
    expect(busy.clock.monotonic() - start).toBeLessThan(30);
    void lease.release();
    await busy.run(behind, 100);
    await busy.end(all);
  });

  it("keeps them for no longer than 1.5 s after its death", async () => {
    const busy = new Busy(4);
    let isDead = false;
    const { others, all } = await halfFree(busy, { isDead: () => isDead });
    const behind = others.acquire("a");
    await busy.clock.advance(300);
    isDead = true;
    const start = busy.clock.monotonic();
    await busy.run(behind, 5_000);
    expect(busy.clock.monotonic() - start).toBeLessThan(1_500 + 500 + 30);
    await busy.end(all);
  });

  it("leaves all queues when it gives up, and what was kept for it goes to the next at once", async () => {
    const busy = new Busy(5);
    const { others, waiter, all } = await halfFree(busy);
    const behind = others.acquire("a");
    await busy.clock.advance(300);
    const start = busy.clock.monotonic();
    void waiter.close();
    await busy.run(behind, 1_000);
    expect(busy.clock.monotonic() - start).toBeLessThan(30);
    await busy.end(all);
  });
});

describe("within one process", () => {
  it("one who wants several is woken by the release of any of them, without a word from the nodes", async () => {
    const testNodes = new TestNodes();
    const nodes = testNodes.nodes.map((node) =>
      far(node, testNodes.clock, { delay: () => 0.5, losesMessage: () => true }),
    );
    const locks = testNodes.locks({ nodes });
    const [a, b] = await testNodes.run(Promise.all([locks.acquire("a"), locks.acquire("b")]));
    const waiting = locks.acquire(["b", "a"]);
    await testNodes.clock.advance(1);
    const later = locks.acquire("a");
    await testNodes.clock.advance(600);
    await testNodes.run(b.release());
    await testNodes.clock.advance(100);
    const start = testNodes.clock.monotonic();
    void a.release();
    const lease = await testNodes.run(waiting, 20);
    expect(testNodes.clock.monotonic() - start).toBeLessThanOrEqual(5);
    void lease.release();
    await testNodes.run(later, 20);
  });

  it("a release of several asks once for whoever wants them all, and for those who want one of them", async () => {
    const testNodes = new TestNodes();
    const asks: string[] = [];
    const nodes = testNodes.nodes.map((node) =>
      far(node, testNodes.clock, {
        delay: () => 0.5,
        sees: (command) => {
          if (command.op === "acquire") asks.push(command.keys.join());
        },
      }),
    );
    const locks = testNodes.locks({ nodes });
    const held = await testNodes.run(locks.acquire(["a", "b", "c"]));
    const all = locks.acquire(["a", "b"]);
    await testNodes.clock.advance(1);
    const [c, one] = [locks.acquire("c"), locks.acquire("a")];
    await testNodes.clock.advance(450);
    asks.length = 0;
    void held.release();
    await testNodes.clock.advance(4);
    expect(asks.sort()).toEqual([...Array(3).fill("a,b"), ...Array(3).fill("c")]);
    const lease = await testNodes.run(all, 5);
    void lease.release();
    await testNodes.run(Promise.all([c, one]), 5);
  });

  it("who barges takes several that are kept for somebody else", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const held = await testNodes.run(locks.acquire(["a", "b"]));
    const fair = locks.acquire(["b", "a"]);
    const barging = locks.acquire(["a", "b"], { fair: false });
    await testNodes.clock.advance(50);
    await standIn(testNodes.nodes, "a");
    await held.release();
    const lease = await testNodes.run(barging, 5);
    await settle();
    await lease.release();
    await testNodes.run(fair, 600);
  });
});
