import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { managerEvents } from "../../src/lock/events.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { caught } from "../safety/scripted-locks.js";

/** Everything published by event name, from now to the end of the test. */
function subscribeToAll() {
  const published: { name: string; event: unknown }[] = [];
  for (const name of managerEvents) {
    const note = (event: unknown) => published.push({ name, event });
    subscribe(`holdfast:${name}`, note);
    onTestFinished(() => void unsubscribe(`holdfast:${name}`, note));
  }
  return published;
}

describe("diagnostics channels", () => {
  it("carry the events of all managers, each once", async () => {
    const world = new TestNodes(3);
    const [ours, theirs] = [
      world.locks({ ttl: 1_000, nodeTimeout: 100 }),
      world.locks({ owner: "other", ttl: 1_000, nodeTimeout: 100 }),
    ];
    const published = subscribeToAll();
    const handle = ours.handle("a");
    const own: unknown[] = [];
    handle.on("acquired", (event) => own.push(event));
    const listened = [...[ours, theirs].map(listen)];
    const lease = await world.run(handle.acquire());
    await world.run(caught(theirs.acquire("a", { wait: 600 })));
    await lease.release();
    const shared = await world.run(ours.acquire("b", { mode: "shared" }));
    await world.run(shared.upgrade());
    await shared.release();
    await world.run(ours.acquire("a"));
    world.node(0).restart();
    await world.clock.advance(1);
    for (const node of world.nodes) node.hang();
    await world.clock.advance(2_000);
    const expected = listened.flat();
    const names = new Set(published.map(({ name }) => name));
    expect([...managerEvents].filter((name) => !names.has(name))).toEqual([]);
    const plain = (list: { name: string; event: unknown }[]) =>
      list.map(({ name, event }) => JSON.stringify([name, event])).sort();
    expect(plain(published)).toEqual(plain(expected));
    expect(published.filter(({ event }) => event === own[0]).length).toBe(1);
    await world.run(Promise.all([ours.close({ timeout: 10 }), theirs.close({ timeout: 10 })]));
  });

  it("create no event without subscribers", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const unheard = () => {};
    subscribe("holdfast:acquired", unheard);
    unsubscribe("holdfast:acquired", unheard);
    const wall = world.clock.wall.bind(world.clock);
    let reads = 0;
    world.clock.wall = () => {
      reads++;
      return wall();
    };
    /** The number of clock readings of one lock, which grows with each event that is created. */
    const readsOfOne = async () => {
      reads = 0;
      await (await world.run(locks.acquire("a"))).release();
      return reads;
    };
    await readsOfOne();
    const silent = await readsOfOne();
    subscribeToAll();
    expect(await readsOfOne()).toBeGreaterThanOrEqual(silent + 3);
    await locks.close();
  });

  it("isolate the lock from a subscriber that throws: Node.js reports an uncaught exception", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const events = listen(locks);
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const uncaught: unknown[] = [];
    const note = (error: unknown) => uncaught.push(error);
    process.on("uncaughtException", note);
    const fail = () => {
      throw new Error("a subscriber failed");
    };
    subscribe("holdfast:acquired", fail);
    try {
      const lease = await world.run(locks.acquire("a"));
      expect(lease.remaining()).toBeGreaterThan(0);
      expect(await lease.release()).toBe("released");
    } finally {
      unsubscribe("holdfast:acquired", fail);
      process.off("uncaughtException", note);
      for (const listener of before) process.on("uncaughtException", listener);
    }
    expect(uncaught).toMatchObject([{ message: "a subscriber failed" }]);
    expect(events.map(({ name }) => name)).toEqual(["acquiring", "acquired", "released"]);
    await locks.close();
  });
});
