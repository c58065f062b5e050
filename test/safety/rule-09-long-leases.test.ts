import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { listen, World } from "../manager/world.js";
import { wayTo } from "../support/way-to.js";
import { settle } from "./world.js";

const ttl = 1_000;
const day = 86_400_000;
const options = { ttl, nodeTimeout: 100 } as const;
/** ms after which a node that lost its memory votes again, if no long lease is held. */
const short = ttl + 12;

beforeEach(() => void vi.spyOn(process, "emitWarning").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

const attempt = (world: World, locks: Locks, resource: string) =>
  world.run(locks.tryAcquire(resource, { renew: false }).catch(() => null));

const take = (world: World, locks: Locks, resource: string, longer = ttl) =>
  world.run(locks.acquire(resource, { ttl: longer, renew: false }));

async function once(world: World, locks: Locks, resource: string, longer = ttl): Promise<void> {
  await world.run((await take(world, locks, resource, longer)).release());
  await settle();
}

async function started(size = 3) {
  const world = new World(size);
  const locks = world.locks(options);
  await once(world, locks, "first");
  return { world, locks, other: world.locks({ ...options, owner: "other" }) };
}

const healths = async (world: World, locks: Locks) =>
  (await world.run(locks.inspect("a"))).nodes.map(({ health }) => health);

/** The first node forgets, and everybody knows. */
async function forget(world: World, locks: Locks): Promise<void> {
  world.node(0).flush();
  await attempt(world, locks, "b");
  await settle();
  expect((await healths(world, locks))[0]).toBe("quarantined");
}

/** In steps, so that what is to happen at a time happens then. */
async function pass(world: World, ms: number): Promise<void> {
  const steps = 200;
  for (let step = 0; step < steps; step++) await world.clock.advance(ms / steps);
}

describe("a ttl of a day, used once and over", () => {
  it("does not count any more when nodes lose their memory, one after the other", async () => {
    const { world, locks } = await started();
    await once(world, locks, "long", day);
    for (const node of [0, 1]) {
      world.node(node).restart();
      await attempt(world, locks, "b");
      await world.clock.advance(ttl / 2);
    }
    await world.clock.advance(2 * short);
    expect(await healths(world, locks)).toEqual(["ready", "ready", "ready"]);
    expect(await attempt(world, locks, "b")).not.toBeNull();
  });

  it("counts until it has run out, where it was never released", async () => {
    const { world, locks } = await started();
    const lease = await take(world, locks, "a", 100_000);
    await forget(world, locks);
    await pass(world, 100_000 - short);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect((await healths(world, locks))[0]).toBe("quarantined");
    await pass(world, 1_002 + 2 * short);
    expect((await healths(world, locks))[0]).toBe("ready");
  });
});

describe("a day's lease that is held", () => {
  it("is granted to nobody else when two nodes lose their memory", async () => {
    const { world, locks, other } = await started();
    const hour = day / 24;
    const lease = await take(world, locks, "a", hour);
    for (const node of [0, 1]) {
      world.node(node).restart();
      await attempt(world, other, "b");
      await world.clock.advance(ttl);
    }
    while (lease.remaining() > 0) {
      expect(await attempt(world, other, "a")).toBeNull();
      await world.clock.advance(hour / 20);
    }
    await world.clock.advance(hour / 20);
    expect(await attempt(world, other, "a")).not.toBeNull();
  });

  it("is waited for no longer than until it is released", async () => {
    const { world, locks, other } = await started();
    const lease = await take(world, locks, "a", day);
    const told = listen(other);
    await attempt(world, other, "b");
    await forget(world, other);
    await pass(world, 60_000);
    expect((await healths(world, other))[0]).toBe("quarantined");
    const ends = told.flatMap(({ name, event }) => (name === "nodeQuarantined" ? [event.until] : []));
    // Once when it was found, once at most when it had settled: not with each look.
    expect(ends.length).toBeLessThanOrEqual(2);
    await world.run(lease.release());
    await pass(world, 13_000);
    expect((await healths(world, other))[0]).toBe("ready");
  });

  it("is waited for by whoever comes later, too", async () => {
    const { world, locks } = await started();
    const lease = await take(world, locks, "a", day);
    await forget(world, locks);
    const late = world.locks({ ...options, owner: "late" });
    await attempt(world, late, "b");
    await pass(world, 30_000);
    expect((await healths(world, late))[0]).toBe("quarantined");
    await world.run(lease.release());
    await pass(world, 13_000);
    expect((await healths(world, late))[0]).toBe("ready");
  });

  it("does not keep a node abstaining by being renewed, again and again", async () => {
    const { world, locks } = await started();
    const lease = await take(world, locks, "a", 100_000);
    await forget(world, locks);
    for (let time = 0; time < 8; time++) {
      await pass(world, 13_000);
      await world.run(lease.renew(100_000));
    }
    expect((await healths(world, locks))[0]).toBe("ready");
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await attempt(world, world.locks({ ...options, owner: "other" }), "a")).toBeNull();
  });

  it("does not keep it abstaining where others come after it, each a long one", async () => {
    const { world, locks } = await started();
    const old = await take(world, locks, "a", day);
    await forget(world, locks);
    await pass(world, 60_000);
    const young = await take(world, locks, "young", day);
    await world.run(old.release());
    await pass(world, 60_000);
    expect((await healths(world, locks))[0]).toBe("ready");
    expect(young.remaining()).toBeGreaterThan(0);
  });

  it("is shown with what is waited for, in words that people understand, and how to end that", async () => {
    const { world, locks, other } = await started();
    await take(world, locks, "a", day);
    await forget(world, locks);
    world.node(1).crash();
    const error = await world.run(other.tryAcquire("b").catch((reason: unknown) => reason));
    expect(String(error)).toMatch(
      /node-0: it lost its memory, and waits for leases longer than 1 min to be released or to run out \(quarantine 0 ends that\); it votes again in 24 h 14 min/,
    );
  });

  it("is told of by inspect(): until when, and why", async () => {
    const { world, locks } = await started();
    await take(world, locks, "a", day);
    await forget(world, locks);
    const { nodes } = await world.run(locks.inspect("a"));
    expect(nodes.map(({ quarantine }) => quarantine)).toEqual([
      {
        until: expect.closeTo(world.clock.wall() + day * 1.01, -3),
        cause: expect.stringContaining("waits for leases longer than 1 min"),
      },
      undefined,
      undefined,
    ]);
    const { quarantine: rest } = (await world.run(world.locks(options).inspect("a"))).nodes[0] ?? {};
    expect(rest).toMatchObject({ cause: expect.stringContaining("waits for leases longer than 1 min") });
  });

  it.each([0, false] as const)(
    "is not waited for where an operator says so: quarantine %s",
    async (quarantine) => {
      const { world, locks } = await started();
      await take(world, locks, "a", day);
      await forget(world, locks);
      const operator = world.locks({ ...options, quarantine, owner: "operator" });
      expect(await attempt(world, operator, "c")).not.toBeNull();
      await settle();
      await pass(world, 13_000);
      expect((await healths(world, locks))[0]).toBe("ready");
    },
  );

  it("is waited for no longer than an operator says", async () => {
    const { world, locks } = await started();
    await take(world, locks, "a", day);
    await forget(world, locks);
    const operator = world.locks({ ...options, quarantine: 5_000, owner: "operator" });
    await attempt(world, operator, "c");
    await settle();
    await operator.close();
    await pass(world, 4_900);
    expect((await healths(world, locks))[0]).toBe("quarantined");
    await pass(world, 12_000);
    expect((await healths(world, locks))[0]).toBe("ready");
  });
});

/** The way of one process to a node, on which its batches may be held up. */
function held(node: LockNode) {
  const batches: (() => void)[] = [];
  let holding = false;
  const way = wayTo(node, {
    execute: (batch) => {
      if (holding) batches.push(() => node.execute(batch));
      else node.execute(batch);
    },
  });
  const hold = () => {
    holding = true;
  };
  const go = () => {
    holding = false;
    for (const send of batches.splice(0)) send();
  };
  return { way, hold, go };
}

describe("a lease that is under way when the memory is lost", () => {
  /** The first node grants it and forgets that; the second one is asked `late` ms later, the third one never. */
  async function outrun(longer: number, late: number): Promise<{ world: World; lease: Lease; other: Locks }> {
    const { world, other } = await started();
    const ways = world.nodes.map(held);
    const slow = world.locks({ ...options, nodes: ways.map(({ way }) => way), nodeTimeout: 300 });
    await once(world, slow, "first");
    for (const way of ways.slice(1)) way.hold();
    const pending = slow.acquire("a", { ttl: longer, renew: false });
    await settle();
    await forget(world, other);
    await world.clock.advance(late);
    ways[1]?.go();
    const lease = await world.run(pending);
    expect(await world.holders("a")).toEqual([false, true, false]);
    return { world, lease, other };
  }

  it.each([
    ["a long one", 120_000],
    ["a short one, but longer than any before", 30_000],
  ])("is waited for: %s", async (_what, longer) => {
    const { world, lease, other } = await outrun(longer, 250);
    while (lease.remaining() > 0) {
      expect(await attempt(world, other, "a")).toBeNull();
      await world.clock.advance(longer / 50);
    }
    await pass(world, 0.02 * longer + 12_000);
    expect(await attempt(world, other, "a")).not.toBeNull();
  });
});

describe("nobody looks more often than is needed", () => {
  /** How often the first node was asked for its memory. */
  async function looks(world: World, ms: number): Promise<number> {
    const asked = vi.spyOn(world.node(0), "identify");
    await pass(world, ms);
    const { length } = asked.mock.calls;
    asked.mockRestore();
    return length;
  }

  it("where only short ones are waited for: when it has settled, and at the end", async () => {
    const { world, locks } = await started();
    await once(world, locks, "short", 60_000);
    await forget(world, locks);
    expect(await looks(world, 60_000)).toBeLessThanOrEqual(4);
  });

  it("where a long one is waited for: every second at first, every ten seconds later", async () => {
    const { world, locks } = await started();
    await take(world, locks, "a", day);
    await forget(world, locks);
    expect(await looks(world, 4_000)).toBeGreaterThanOrEqual(3);
    await pass(world, 60_000);
    const later = await looks(world, 100_000);
    expect(later).toBeLessThanOrEqual(14);
    expect(later).toBeGreaterThanOrEqual(7);
  });
});

describe("long and short leases together", () => {
  it("are waited for, the longest of the short ones and those of the long ones that are held", async () => {
    const { world, locks, other } = await started();
    await once(world, locks, "over", day);
    const short = await take(world, locks, "short", 60_000);
    const long = await take(world, locks, "long", 61_000);
    await forget(world, locks);
    world.node(2).crash();
    // The second node alone knows of them.
    await world.run(long.release());
    await pass(world, 59_000);
    world.node(2).reconnect();
    expect(short.remaining()).toBeGreaterThan(0);
    expect(await attempt(world, other, "short")).toBeNull();
    await pass(world, 15_000);
    expect(await healths(world, locks)).toEqual(["ready", "ready", "ready"]);
  });
});
