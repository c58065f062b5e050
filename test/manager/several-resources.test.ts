import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/api/types.js";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks } from "../../src/create-locks.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { breadth } from "../support/breadth.js";
import { seeded } from "../support/chance.js";
import { far } from "../support/far-node.js";
import { addDeadWaiter } from "./queues.js";
import { settle, TestNodes } from "./test-nodes.js";

const seeds = breadth([1, 2, 3], [1, 2, 3, 4, 5]);

/** Processes with their own connections to the same memory nodes. Each message takes 1 to 6 ms. */
class ContendedNodes {
  readonly clock = new VirtualClock();
  readonly nodes: MemoryNode[];
  readonly chance: () => number;
  /** Number of acquire commands for several resources and for a single resource. */
  readonly acquireCommands = { several: 0, single: 0 };
  private open = 0;

  constructor(seed: number, size = 3) {
    this.chance = seeded(seed * 104_729);
    this.nodes = Array.from({ length: size }, (_, index) =>
      memoryNode(`node-${index}`, { clock: this.clock }),
    );
  }

  /** `isDead`: whether all messages of the process are lost. `minDelay`: minimum ms per message. */
  process(options: { readonly isDead?: () => boolean; readonly minDelay?: number } = {}): Locks {
    const { clock, chance } = this;
    const index = this.open++;
    const sees = (command: LockCommand) => {
      if (command.op === "acquire") this.acquireCommands[command.keys.length > 1 ? "several" : "single"]++;
    };
    const nodes = this.nodes.map((node) => {
      const least = (options.minDelay ?? 1) + chance();
      const delay = () => (options.isDead?.() ? 1e9 : least + chance() ** 6 * 4);
      return far(node, clock, { delay, sees });
    });
    const secret = () => `${index}-${String(chance()).slice(2)}`.padEnd(22, "0").slice(0, 22);
    return createLocks({ nodes, clock, random: { secret, fraction: chance }, wait: 60_000 });
  }

  async connectAll(all: readonly Locks[]): Promise<void> {
    const connected = all.map((locks, index) => locks.using(`connected by ${index}`, async () => {}));
    await this.clock.advance(2_000);
    await Promise.all(connected);
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  /** Awaits a promise while virtual time advances, for at most `limit` ms. */
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

/** The distributions of the callers over processes. */
const spreads = {
  "each in its own process": (index: number) => index,
  "all in one process": () => 0,
  "those of each resource in one process": (index: number) => index % 3,
} as const;

/**
 * Returns the wait times in ms of four callers per resource, and of one caller that wants `wanted`. All callers acquire
 * repeatedly. `minDelay`: minimum ms of each message of the latter caller.
 */
async function contend(seed: number, spread: (index: number) => number, wanted = names, minDelay = 1) {
  const contended = new ContendedNodes(seed);
  const { chance, clock } = contended;
  const processes: Locks[] = [];
  const processOf = (index: number): Locks =>
    (processes[spread(index)] ??= contended.process(index === 12 ? { minDelay } : {}));
  for (let index = 0; index <= 12; index++) processOf(index);
  await contended.connectAll(processes);
  const waits = { single: [] as number[], several: [] as number[] };
  let over = false;
  const caller = async (locks: Locks, wanted: string | string[], into: number[]) => {
    while (!over) {
      const start = clock.monotonic();
      const lease = await locks.acquire(wanted);
      into.push(clock.monotonic() - start);
      await contended.pass(chance() * 30);
      void lease.release();
      await contended.pass(chance() * 3);
    }
  };
  const all = Array.from({ length: 12 }, (_, index) =>
    caller(processOf(index), names[index % 3] as string, waits.single),
  );
  await clock.advance(500);
  all.push(caller(processOf(12), wanted, waits.several));
  await clock.advance(10_000);
  over = true;
  await contended.run(Promise.all(all), 10_000);
  await contended.end(processes);
  return waits;
}

describe("several resources at once, each contended by four other callers", () => {
  it.each(Object.entries(spreads))(
    "are granted within 20 times the wait for a single resource, repeatedly: %s",
    async (_, spread) => {
      for (const seed of seeds) {
        const { single, several } = await contend(seed, spread);
        const bound = 20 * mean(single);
        expect({ seed, bound, slow: several.filter((wait) => wait > bound) }).toMatchObject({ slow: [] });
        expect(several.length).toBeGreaterThan(10_000 / bound);
        // A single resource has a bounded wait as well: four other callers and the caller of all resources precede it.
        expect(Math.max(...single)).toBeLessThan(bound);
      }
    },
    60_000,
  );
});

describe("a process whose round trip is longer than a reservation lasts", () => {
  it.each([
    ["one resource", ["a"]],
    ["several resources", names],
  ])(
    "is served in order beside busy processes with short round trips: %s",
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

interface Request {
  readonly name: number;
  readonly wanted: readonly string[];
  readonly hold: number;
  granted: number;
}

describe("callers of overlapping sets of resources", () => {
  it("are all granted, in order of arrival where their sets overlap", async () => {
    const letters = ["a", "b", "c", "d", "e", "f"];
    for (let seed = 1; seed <= 30; seed++) {
      const contended = new ContendedNodes(seed, [1, 3, 5][seed % 3]);
      const { chance, clock } = contended;
      const processes = Array.from({ length: 4 }, () => contended.process());
      await contended.connectAll(processes);
      const gate = await contended.run(processes[0]!.acquire(letters), 100);
      const requests: Request[] = Array.from({ length: 24 }, (_, name) => {
        const order = letters.map((letter) => [chance(), letter] as const).sort(([x], [y]) => x - y);
        const wanted = order.slice(0, 1 + Math.floor(chance() * 4)).map(([, letter]) => letter);
        return { name, wanted, hold: chance() * 40, granted: Number.NaN };
      });
      const all = [];
      for (const request of requests) {
        const locks = processes[Math.floor(chance() * processes.length)];
        all.push(
          locks!.using([...request.wanted], async () => {
            request.granted = clock.monotonic();
            await contended.pass(request.hold);
          }),
        );
        await clock.advance(2);
      }
      await clock.advance(500);
      void gate.release();
      // The bound assumes that all sets overlap: each is held, and then a release, a message and a request travel.
      await contended.run(Promise.all(all), 24 * (40 + 60));
      const wrong = requests.flatMap((one) =>
        requests
          .filter(
            ({ name, wanted }) => name > one.name && wanted.some((letter) => one.wanted.includes(letter)),
          )
          .filter(({ granted }) => granted < one.granted)
          .map(({ name }) => `${name} before ${one.name}`),
      );
      expect({ seed, wrong }).toEqual({ seed, wrong: [] });
      await contended.end(processes);
    }
  }, 120_000);

  it("do not deadlock in a cycle of overlapping sets, and none starves", async () => {
    for (const seed of seeds) {
      const contended = new ContendedNodes(seed);
      const { clock } = contended;
      const sets = [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
      ];
      const processes = sets.map(() => contended.process());
      await contended.connectAll(processes);
      const grants = [0, 0, 0];
      let over = false;
      const all = sets.map(async (wanted, index) => {
        while (!over) {
          await processes[index]!.using(wanted, () => contended.pass(10));
          grants[index]!++;
        }
      });
      await clock.advance(5_000);
      over = true;
      await contended.run(Promise.all(all), 2_000);
      // Each round takes the hold time and 40 ms for messages.
      expect(Math.min(...grants)).toBeGreaterThan(5_000 / (3 * (10 + 40)));
      await contended.end(processes);
    }
  });
});

describe("a caller that waits for several resources", () => {
  /** The waiter has been woken for "a" and still waits for "b". */
  async function halfFree(contended: ContendedNodes, options: { readonly isDead?: () => boolean } = {}) {
    const [holder, waiter, others] = [
      contended.process(),
      contended.process(options),
      contended.process(),
    ] as const;
    await contended.connectAll([holder, waiter, others]);
    const [a, b] = await contended.run(Promise.all([holder.acquire("a"), holder.acquire("b")]), 100);
    const waiting = waiter.acquire(["a", "b"]);
    void waiting.catch(() => {});
    await contended.clock.advance(600);
    void a.release();
    await contended.clock.advance(100);
    return { b, waiting, waiter, others, all: [holder, waiter, others] };
  }

  it("asks seldom while one resource is held and the others are reserved for it, as do the callers behind it", async () => {
    const contended = new ContendedNodes(3);
    const { b, waiting, others, all } = await halfFree(contended);
    const behind = others.acquire("a");
    await contended.clock.advance(1_000);
    const { several, single } = contended.acquireCommands;
    let taken = 0;
    for (let at = 0; at < 10_000; at += 50) {
      // Callers that do not wait are denied a reserved resource, and wake no waiter.
      void others.tryAcquire("a").then((lease) => {
        if (lease !== null) taken++;
      });
      await contended.clock.advance(50);
    }
    expect(taken).toBe(0);
    expect((contended.acquireCommands.several - several) / 3).toBeLessThanOrEqual(10_000 / 300);
    expect((contended.acquireCommands.single - single) / 3 - 200).toBeLessThanOrEqual(10_000 / 300);
    const start = contended.clock.monotonic();
    void b.release();
    const lease = await contended.run(waiting, 1_000);
    expect(contended.clock.monotonic() - start).toBeLessThan(30);
    void lease.release();
    await contended.run(behind, 100);
    await contended.end(all);
  });

  it("reserves the resources for at most 1.5 s after its death", async () => {
    const contended = new ContendedNodes(4);
    let isDead = false;
    const { others, all } = await halfFree(contended, { isDead: () => isDead });
    const behind = others.acquire("a");
    await contended.clock.advance(300);
    isDead = true;
    const start = contended.clock.monotonic();
    await contended.run(behind, 5_000);
    expect(contended.clock.monotonic() - start).toBeLessThan(1_500 + 500 + 30);
    await contended.end(all);
  });

  it("leaves all queues when it gives up, and the next waiter gets the reserved resources at once", async () => {
    const contended = new ContendedNodes(5);
    const { others, waiter, all } = await halfFree(contended);
    const behind = others.acquire("a");
    await contended.clock.advance(300);
    const start = contended.clock.monotonic();
    void waiter.close();
    await contended.run(behind, 1_000);
    expect(contended.clock.monotonic() - start).toBeLessThan(30);
    await contended.end(all);
  });
});

describe("within one process", () => {
  it("a caller of several resources is woken by the release of any of them, without messages from the nodes", async () => {
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

  it("a release of several resources causes one attempt for a caller of all, and one for a caller of another resource", async () => {
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

  it("an unfair caller takes several resources that are reserved for another waiter", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const held = await testNodes.run(locks.acquire(["a", "b"]));
    const fair = locks.acquire(["b", "a"]);
    const barging = locks.acquire(["a", "b"], { fair: false });
    await testNodes.clock.advance(50);
    await addDeadWaiter(testNodes.nodes, "a");
    await held.release();
    const lease = await testNodes.run(barging, 5);
    await settle();
    await lease.release();
    await testNodes.run(fair, 600);
  });
});
