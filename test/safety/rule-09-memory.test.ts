import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import { listen, World } from "../manager/world.js";
import { settle } from "./world.js";

const ttl = 1_000;
/** ms: the ttl, and what clocks may disagree by over it. */
const quarantine = ttl + 12;

/** What the process was warned of, by code. */
let warned: string[];
beforeEach(() => {
  warned = [];
  vi.spyOn(process, "emitWarning").mockImplementation((_, options) => {
    warned.push((options as { code: string }).code);
  });
});
afterEach(() => vi.restoreAllMocks());

async function started(size = 3, options: Parameters<World["locks"]>[0] = {}) {
  const world = new World(size);
  const locks = world.locks({ ttl, nodeTimeout: 100, ...options });
  const heard = listen(locks);
  await (await world.run(locks.acquire("first"))).release();
  return { world, locks, heard };
}

/** A minority has never heard of the lease, and the node that makes the majority forgets it. */
async function forgotten(world: World, locks: Locks, forget: () => void): Promise<Lease> {
  world.node(2).crash();
  const lease = await world.run(locks.acquire("a", { renew: false }));
  world.node(2).reconnect();
  forget();
  await settle();
  return lease;
}

const healths = async (world: World, locks: Locks) =>
  (await world.run(locks.inspect("a"))).nodes.map(({ health }) => health);

describe("rule 9: a node that lost its memory does not vote", () => {
  describe.each([
    ["was flushed", (world: World) => world.node(0).flush()],
    ["restarted empty", (world: World) => world.node(0).restart()],
    [
      "restarted with a memory that may be an old one",
      (world: World) => world.node(0).restart({ keepMemory: true }),
    ],
  ])("and %s", (_, forget) => {
    it("until every lease that it may have granted has run out", async () => {
      const { world, locks } = await started();
      const lease = await forgotten(world, locks, () => forget(world));
      const second = world.locks({ ttl, nodeTimeout: 100, owner: "second" });
      const told = listen(second);
      const error = await world.run(second.tryAcquire("a").catch((reason: unknown) => reason));
      expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
      expect(String(error)).toContain("node-0: it lost its memory; it votes again in");
      expect(lease.remaining()).toBeGreaterThan(0);
      expect(await healths(world, second)).toEqual(["quarantined", "ready", "ready"]);
      await world.clock.advance(quarantine + 10);
      expect(lease.remaining()).toBe(0);
      expect(await world.run(second.tryAcquire("a"))).not.toBeNull();
      expect(await healths(world, second)).toEqual(["ready", "ready", "ready"]);
      const health = told.filter(({ event }) => event.node === "node-0");
      expect(health.map(({ name }) => name)).toEqual(["nodeQuarantined", "nodeUp"]);
      expect(warned).toEqual([]);
    });
  });

  it("is told of, with the time at which it votes again", async () => {
    const { world, locks, heard } = await started();
    const time = world.clock.wall();
    world.node(0).flush();
    await world.run(locks.acquire("a"));
    await settle();
    expect(heard.find(({ name }) => name === "nodeQuarantined")?.event).toEqual({
      node: "node-0",
      time,
      until: time + quarantine,
      cause: "it lost its memory",
    });
  });

  it("abstains for the longest ttl that anybody ever asked the others for", async () => {
    const { world, locks } = await started();
    await (await world.run(locks.acquire("long", { ttl: 5_000 }))).release();
    world.node(0).flush();
    await world.run(locks.acquire("a"));
    await world.clock.advance(quarantine + 10);
    expect((await healths(world, locks))[0]).toBe("quarantined");
    await world.clock.advance(5_052 - quarantine);
    expect((await healths(world, locks))[0]).toBe("ready");
  });

  it("ends its quarantine for all processes, also for those that came later", async () => {
    const { world, locks } = await started();
    world.node(0).flush();
    await world.run(locks.acquire("a"));
    await locks.close();
    await world.clock.advance(ttl / 2);
    const late = world.locks({ ttl, nodeTimeout: 100 });
    expect(await world.run(late.tryAcquire("b"))).not.toBeNull();
    expect((await healths(world, late))[0]).toBe("quarantined");
    await world.clock.advance(ttl / 2 + 20);
    expect((await healths(world, late))[0]).toBe("ready");
  });

  it("does not know how long while too few of the others can be asked, and says whom it waits for", async () => {
    const { world, locks, heard } = await started();
    world.node(1).crash();
    world.node(0).flush();
    const attempt = () => world.run(locks.tryAcquire("a").catch((error: unknown) => error));
    await attempt();
    expect(String(await attempt())).toContain("known only when node-1 can be asked");
    await world.clock.advance(10 * ttl);
    expect(heard.filter(({ name }) => name === "nodeQuarantined").at(-1)?.event.until).toBeNull();
    world.node(1).reconnect();
    await settle();
    expect(heard.filter(({ name }) => name === "nodeQuarantined").at(-1)?.event.until).toBeGreaterThan(0);
    await world.clock.advance(quarantine + 10);
    expect((await healths(world, locks))[0]).toBe("ready");
  });

  it("takes no cold start for one where a minority forgot what it granted with nodes that say nothing now", async () => {
    const world = new World(3);
    const first = world.locks({ ttl, nodeTimeout: 100 });
    world.node(1).crash();
    const lease = await world.run(first.acquire("a", { renew: false }));
    world.node(0).flush();
    world.node(2).crash();
    world.node(1).reconnect();
    const second = world.locks({ ttl, nodeTimeout: 100, owner: "second" });
    const error = await world.run(second.tryAcquire("a").catch((reason: unknown) => reason));
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
    expect(warned).toEqual([]);
  });

  it("leaves no timer behind where it is closed while a node is asked", async () => {
    const { world, locks } = await started();
    world.node(0).flush();
    await world.run(locks.acquire("a").then((lease) => lease.release()));
    world.node(1).hang();
    await world.clock.advance(quarantine - 5);
    await world.clock.advance(20);
    await locks.close();
    expect(world.clock.pending).toBe(0);
  });

  it("still takes releases, and can still be asked who holds what", async () => {
    const { world, locks } = await started();
    const lease = await world.run(locks.acquire("a", { renew: false }));
    world.node(0).restart({ keepMemory: true });
    await world.run(locks.tryAcquire("b"));
    expect((await healths(world, locks))[0]).toBe("quarantined");
    expect(await world.holders("a")).toEqual([true, true, true]);
    await world.run(lease.release());
    await settle();
    expect(await world.holders("a")).toEqual([false, false, false]);
  });

  it("takes over the fences of a majority before it accepts one", async () => {
    const { world, locks } = await started();
    let last = 0;
    for (let round = 0; round < 4; round++) {
      // Only the node that is about to forget, and one more, have seen it.
      world.node(2).crash();
      const lease = await world.run(locks.acquire("a", { fence: true }));
      expect(lease.fence).toBeGreaterThan(last);
      last = lease.fence;
      await world.run(lease.release());
      world.node(2).reconnect();
      world.node(0).flush();
      await world.run(locks.tryAcquire("b").catch(() => null));
      await world.clock.advance(quarantine + 10);
      // Now the two that have not.
      world.node(1).crash();
      world.clock.stepWall(-60_000);
      const other = world.locks({ ttl, nodeTimeout: 100, owner: "other" });
      const next = await world.run(other.acquire("a", { fence: true }));
      expect(next.fence).toBeGreaterThan(last);
      last = next.fence;
      await world.run(next.release());
      world.node(1).reconnect();
      await world.clock.advance(10);
    }
  });

  it.each([1, 3, 5])(
    "holds up nobody where a whole set of %i is new; says so where it is several",
    async (size) => {
      const world = new World(size);
      for (const node of world.nodes) node.flush();
      const [one, two] = [world.locks({ ttl }), world.locks({ ttl, owner: "two" })];
      const [first, second] = await world.run(Promise.all([one.acquire("a"), two.acquire("b")]), 300);
      expect([first.remaining() > 0, second.remaining() > 0]).toEqual([true, true]);
      expect(new Set(warned)).toEqual(new Set(size === 1 ? [] : ["COLD_START"]));
    },
  );

  it("takes no set for new while a node that may remember says nothing", async () => {
    const world = new World();
    const unreached = memoryNode("node-2", { clock: world.clock });
    unreached.crash();
    const ours = world.locks({ nodes: [world.node(0), world.node(1), unreached], ttl: 10_000 });
    const others = world.locks({ owner: "others", ttl: 10_000, nodeTimeout: 100 });
    const lease = await world.run(ours.acquire("a", { renew: false }));
    world.node(1).restart();
    world.node(0).hang();
    const attempt = () => world.run(others.tryAcquire("a").catch((error: unknown) => error));
    await attempt();
    await world.clock.advance(1_000);
    expect(String(await attempt())).toMatch(/node-1: .*is known only when node-0 can be asked/);
    expect(lease.remaining()).toBeGreaterThan(0);
    world.node(0).wake();
    await world.clock.advance(10_200);
    expect(await world.run(others.tryAcquire("a"))).not.toBeNull();
  });

  it("says from the first attempt on why a new set grants nothing with a node that hangs", async () => {
    const world = new World();
    for (const node of world.nodes) node.flush();
    world.node(2).hang();
    const locks = world.locks({ ttl, nodeTimeout: 100 });
    const failure = await world.run(locks.tryAcquire("a").catch((error: unknown) => error));
    expect(String(failure)).toContain(
      "node-0: it has no memory; whether it is new, or how long it must abstain, is known only",
    );
    world.node(2).wake();
    await world.clock.advance(2_000);
    expect(await world.run(locks.tryAcquire("a"))).not.toBeNull();
  });

  it("asks again now and then, no more, as long as a node says nothing", async () => {
    const { world, locks } = await started();
    world.node(0).flush();
    world.node(1).hang();
    await world.run(locks.tryAcquire("a").catch(() => null));
    const { after } = world.clock;
    let timers = 0;
    world.clock.after = (...args) => {
      timers++;
      return after.apply(world.clock, args);
    };
    await world.clock.advance(60_000);
    expect(timers).toBeLessThan(60 * 10);
  });

  it("is not changed by whoever only looks", async () => {
    const world = new World();
    for (const node of world.nodes) node.flush();
    const locks = world.locks();
    await world.run(locks.inspect("a"));
    await world.clock.advance(5_000);
    for (const node of world.nodes) expect((await node.identify("", null)).memory?.marker).toBe("");
    expect(warned).toEqual([]);
    expect((await world.run(locks.acquire("a"))).remaining()).toBeGreaterThan(0);
  });

  it("tells who holds what, also to whoever asks it for the first time", async () => {
    const { world, locks } = await started();
    world.node(0).flush();
    const states = async () => {
      const first = world.locks({ ttl, nodeTimeout: 100 });
      return (await world.run(first.inspect("a"))).nodes.map(({ state }) => state);
    };
    expect(await states()).toEqual(["free", "free", "free"]);
    await world.run(locks.tryAcquire("b"));
    expect(await states()).toEqual(["free", "free", "free"]);
  });

  it("shows who abstains also to whoever only looks", async () => {
    const { world, locks } = await started();
    world.node(0).flush();
    await world.run(locks.tryAcquire("a"));
    expect(await healths(world, world.locks())).toEqual(["quarantined", "ready", "ready"]);
  });

  it("says so where a single node lost its memory, and votes at once", async () => {
    const { world, locks } = await started(1);
    world.node(0).restart();
    await world.run(locks.tryAcquire("a"));
    expect(warned).toEqual(["COLD_START"]);
  });

  it("waits as long as it is told to: also alone, and where all have lost their memory", async () => {
    for (const size of [1, 3]) {
      const { world, locks } = await started(size, { quarantine: 4_000 });
      for (const node of world.nodes) node.flush();
      await expect(world.run(locks.tryAcquire("a"))).rejects.toThrow(/it does not remember/);
      await expect(world.run(locks.tryAcquire("a"))).rejects.toThrow(/it votes again in/);
      await world.clock.advance(3_900);
      await expect(world.run(locks.tryAcquire("a"))).rejects.toThrow(/it votes again in/);
      await world.clock.advance(200);
      expect(await world.run(locks.tryAcquire("a"))).not.toBeNull();
    }
    expect(warned).toEqual([]);
  });

  it("votes at once where every write is on disk before the reply, and it is told so", async () => {
    const { world, locks, heard } = await started(3, { quarantine: false });
    for (const node of world.nodes) node.flush();
    expect(await world.run(locks.tryAcquire("a"), 5)).not.toBeNull();
    expect(heard.map(({ name }) => name)).not.toContain("nodeQuarantined");
  });

  it("grants nothing that was sent before it was known: the check travels with every batch", async () => {
    const { world, locks } = await started();
    for (const node of world.nodes) node.flush();
    // Nobody has noticed yet.
    const failure = await world.run(
      locks.tryAcquire("a").catch((error: unknown) => error),
      5,
    );
    expect(String(failure)).toContain("it does not remember what it granted");
    expect(await world.holders("a")).toEqual([false, false, false]);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "none", true, null])(
    "refuses quarantine: %s",
    (value) => {
      expect(() => new World().locks({ quarantine: value as never })).toThrow(/quarantine/);
    },
  );
});
