import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { listen, World } from "../manager/world.js";
import { wayTo } from "../support/way-to.js";
import { settle } from "./world.js";

const ttl = 1_000;
const drift = 12;
const options = { ttl, nodeTimeout: 100 } as const;

beforeEach(() => void vi.spyOn(process, "emitWarning").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

/** The way of one process to a node, on which what it sends may be held up. */
function delayed(node: LockNode) {
  const held: (() => void)[] = [];
  let holding: "all" | "changes" | "batches" | null = null;
  const over = (what: "changes" | "batches", send: () => void) => {
    if (holding === what || holding === "all") held.push(send);
    else send();
  };
  const way = wayTo(node, {
    identify: (id, change) =>
      change === null
        ? node.identify(id, null)
        : new Promise((resolve, reject) =>
            over("changes", () => void node.identify(id, change).then(resolve, reject)),
          ),
    execute: (batch) => over("batches", () => node.execute(batch)),
  });
  return {
    way,
    hold: (what: "all" | "changes" | "batches") => {
      holding = what;
    },
    pass: () => {
      holding = null;
      for (const send of held.splice(0)) send();
    },
    get held() {
      return held.length;
    },
  };
}

/** A process whose way to each node is its own, and slow. */
function slowly(world: World, slow: Partial<LocksOptions>) {
  const ways = world.nodes.map(delayed);
  return { ways, slow: world.locks({ ...options, nodes: ways.map(({ way }) => way), ...slow }) };
}

/** All nodes have a memory: something was held, and released. */
async function remembering(world: World, locks: Locks): Promise<void> {
  await (await world.run(locks.acquire("first"))).release();
  await settle();
}

async function started(given: Partial<LocksOptions> = {}) {
  const world = new World(3);
  const locks = world.locks({ ...options, ...given });
  await remembering(world, locks);
  return { world, locks };
}

/** The third node misses a lease that the first one then forgets. */
async function forgotten(world: World, locks: Locks): Promise<Lease> {
  world.node(2).crash();
  const lease = await world.run(locks.acquire("a", { renew: false }));
  world.node(2).reconnect();
  world.node(0).flush();
  return lease;
}

/** A long lease: the first node grants it, and then forgets; the second one is asked after `meanwhile`, the third one never. */
async function outrun(
  world: World,
  ways: ReturnType<typeof slowly>["ways"],
  slow: Locks,
  meanwhile: () => Promise<unknown>,
): Promise<Lease> {
  for (const way of ways.slice(1)) way.hold("batches");
  const pending = slow.acquire("a", { ttl: 60_000, renew: false });
  await settle();
  world.node(0).flush();
  await meanwhile();
  ways[1]?.pass();
  const lease = await world.run(pending);
  expect(await world.holders("a")).toEqual([false, true, false]);
  return lease;
}

const attempt = (world: World, locks: Locks, resource: string) =>
  world.run(locks.tryAcquire(resource).catch(() => null));

async function staysAlone(lease: Lease, world: World, second: Locks): Promise<void> {
  const other = await attempt(world, second, "a");
  expect(lease.remaining()).toBeGreaterThan(0);
  expect(other).toBeNull();
}

const secondOf = (world: World) => world.locks({ ...options, owner: "second" });

const healths = async (world: World, locks: Locks) =>
  (await world.run(locks.inspect("a"))).nodes.map(({ health }) => health);

describe("a minority that lost its memory never makes a second lease", () => {
  it("where others learn of a longer ttl only when it abstains already", async () => {
    const world = new World(3);
    const { ways, slow } = slowly(world, { nodeTimeout: 500 });
    await remembering(world, slow);
    const second = secondOf(world);
    const lease = await outrun(world, ways, slow, async () => {
      await attempt(world, second, "b");
      await attempt(world, second, "b");
      await settle();
    });
    await world.clock.advance(ttl + 4 * drift);
    await staysAlone(lease, world, second);
  });

  it("where the first round of all was under way", async () => {
    const world = new World(3);
    const { ways, slow } = slowly(world, { nodeTimeout: 500 });
    const second = secondOf(world);
    const lease = await outrun(world, ways, slow, () => world.run(second.tryAcquire("b")));
    for (let time = 0; time < 5; time++) {
      await staysAlone(lease, world, second);
      await world.clock.advance(ttl);
    }
  });

  it("where what a process once decided for a new server arrives when it is one no more", async () => {
    const world = new World(3);
    for (const node of world.nodes) node.flush();
    const { ways, slow } = slowly(world, { owner: "slow" });
    for (const way of ways) way.hold("changes");
    const dozing = slow.tryAcquire("b").catch(() => null);
    await settle();
    await settle();
    expect(ways[0]?.held).toBe(1);
    const first = world.locks(options);
    await remembering(world, first);
    const lease = await forgotten(world, first);
    ways[0]?.pass();
    await settle();
    await staysAlone(lease, world, secondOf(world));
    for (const way of ways) way.pass();
    await world.run(dozing);
  });

  it("where the end of its abstention arrives when it has been restarted with an old snapshot", async () => {
    const { world, locks: first } = await started();
    const node = world.node(0);
    node.flush();
    await world.run(first.acquire("b", { renew: false }));
    await first.close();
    await world.clock.advance(ttl + 2 * drift);
    const { memory } = await node.identify("late", null);
    expect(memory).toMatchObject({ state: "abstaining", left: 0 });
    // Decided in its old life.
    node.restart({ keepMemory: true });
    const change = { marker: memory?.marker ?? "", abstention: null, longest: ttl, watermark: 0 };
    expect((await node.identify("late", change)).memory?.state).not.toBe("kept");
  });

  it("where somebody asks only that node who holds what", async () => {
    const { world, locks: first } = await started();
    const lease = await forgotten(world, first);
    const curious = world.locks({ ...options, nodes: [world.node(0)] });
    await world.run(curious.inspect("a"));
    await settle();
    await staysAlone(lease, world, secondOf(world));
  });
});

describe("fences", () => {
  it.each([["auto"], [2_000]] as const)(
    "do not step back where a node ends its quarantine (%s) while one of the others is away",
    async (quarantine) => {
      const { world, locks: first } = await started({ quarantine });
      world.node(2).crash();
      const lease = await world.run(first.acquire("a", { fence: true }));
      await world.run(lease.release());
      await first.close();
      world.node(2).reconnect();
      world.node(0).flush();
      world.node(1).crash();
      world.clock.stepWall(-3_600_000);
      const second = world.locks({ ...options, quarantine, owner: "second" });
      await attempt(world, second, "b");
      await world.clock.advance(2_100);
      const next = await world.run(second.tryAcquire("a", { fence: true }).catch(() => null));
      if (next !== null) expect(next.fence).toBeGreaterThan(lease.fence);
    },
  );
});

describe("what is shown of a node that abstains", () => {
  const abstaining = async () => {
    const { world, locks } = await started();
    world.node(0).flush();
    await attempt(world, locks, "a");
    await settle();
    expect((await healths(world, locks))[0]).toBe("quarantined");
    return { world, locks };
  };

  it("is that it still does when only its connection was gone", async () => {
    const { world, locks } = await abstaining();
    world.node(0).crash();
    world.node(0).reconnect();
    await settle();
    await settle();
    expect((await healths(world, locks))[0]).toBe("quarantined");
  });

  it("is that it still does when it was silent for long", async () => {
    const { world, locks } = await abstaining();
    world.node(0).hang();
    for (let time = 0; time < 6; time++) {
      const inspected = locks.inspect("a");
      await world.clock.advance(110);
      await inspected;
    }
    expect((await healths(world, locks))[0]).toBe("unresponsive");
    world.node(0).wake();
    await settle();
    expect((await healths(world, locks))[0]).toBe("quarantined");
  });
});

describe("the review of lost memories", () => {
  it("leaves no timer when the manager is closed in the middle of it", async () => {
    const { world, locks } = await started();
    world.node(1).hang();
    world.node(0).flush();
    const asked = locks.tryAcquire("a").catch(() => null);
    await settle();
    const closed = locks.close();
    await settle();
    world.node(1).wake();
    await world.run(asked);
    await world.run(closed);
    expect(world.clock.pending).toBe(0);
  });

  it("goes on where an answer comes late", async () => {
    const { world, locks } = await started();
    world.node(0).flush();
    world.node(0).hang();
    const asked = locks.tryAcquire("a").catch(() => null);
    await world.clock.advance(150);
    world.node(0).wake();
    await world.run(asked);
    await world.clock.advance(2 * ttl);
    await attempt(world, locks, "b");
    await world.clock.advance(2 * ttl);
    expect((await healths(world, locks))[0]).toBe("ready");
    expect(listen(locks)).toEqual([]);
  });
});
