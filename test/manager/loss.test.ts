import { describe, expect, it, vi } from "vitest";
import type { Lease } from "../../src/api/types.js";
import { ask } from "../engine/batches.js";
import { listen, settle, World } from "./world.js";

const held = async (world: World, options: object = {}, ground: object = {}) => {
  const locks = world.locks({ ...ground, ttl: 1_000 });
  const heard = listen(locks);
  const onLost = vi.fn();
  const lease = await locks.acquire("a", { onLost, ...options });
  return { locks, heard, onLost, lease };
};

/** Another client's own key on these nodes, as if ours had never been there. */
const steal = (world: World, nodes: readonly number[], token = "foreign") =>
  Promise.all(
    nodes.map(async (index) => {
      const node = world.node(index);
      node.restart();
      const command = { op: "acquire", keys: ["a"], token, ttl: 60_000 } as const;
      await ask(node, { command, wanted: () => true });
    }),
  );

describe("loss of a lease", () => {
  it("is found at the deadline, even if every node hangs", async () => {
    const world = new World(5);
    const { lease, heard, onLost } = await held(world);
    const { validUntil, signal } = lease;
    for (const node of world.nodes) node.hang();
    let aborted = 0;
    signal.addEventListener("abort", () => {
      aborted = world.clock.wall();
    });
    await world.clock.advance(5_000);
    expect(aborted).toBe(validUntil);
    expect(onLost).toHaveBeenCalledOnce();
    expect(heard.find(({ name }) => name === "expired")).toMatchObject({
      event: { reason: "deadline", validUntil, overdue: 0 },
    });
    expect(heard.some(({ name }) => name === "quorumLost")).toBe(true);
    // Until they answer, the nodes are probed.
    for (const node of world.nodes) node.wake();
    await settle();
    expect(world.clock.pending).toBe(0);
  });

  it("settles using with the job's own value, after onLost and the signal", async () => {
    const world = new World(3);
    const order: string[] = [];
    const job = (lease: Lease) =>
      new Promise<string>((resolve) => {
        lease.signal.addEventListener("abort", () => {
          order.push("signal");
          resolve("saved");
        });
      });
    const onLost = () => {
      order.push("onLost");
    };
    const result = world.locks({ ttl: 1_000 }).using("a", { onLost }, job);
    await settle();
    for (const node of world.nodes) node.hang();
    expect(await world.run(result)).toBe("saved");
    expect(order).toEqual(["signal", "onLost"]);
  });

  it("keeps the lease while quorum is lost for a while, and says how much is left", async () => {
    const world = new World(3);
    const { lease, heard } = await held(world);
    world.node(0).crash();
    world.node(1).crash();
    await world.clock.advance(700);
    const lost = heard.filter(({ name }) => name === "quorumLost");
    expect(lost.length).toBeGreaterThan(0);
    expect(lost[0]?.event.remaining).toBeGreaterThan(400);
    expect(lease.remaining()).toBeGreaterThan(0);
    world.node(0).reconnect();
    await world.clock.advance(200);
    expect(heard.at(-1)?.name).toBe("renewed");
    expect(lease.remaining()).toBeGreaterThan(500);
  });

  it("is told at once when somebody else holds a majority", async () => {
    const world = new World(3);
    const { lease, heard, onLost } = await held(world, {}, { quarantine: false });
    await steal(world, [0, 1]);
    await world.clock.advance(500);
    expect(heard.at(-1)).toMatchObject({ name: "expired", event: { reason: "taken" } });
    expect(onLost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "taken" }));
    expect(lease.signal.aborted).toBe(true);
    // What is left of ours goes; what is theirs stays.
    expect(await world.holders("a")).toEqual([true, true, false]);
  });

  it("is told when the keys vanished from a majority", async () => {
    const world = new World(3);
    const { onLost } = await held(world, {}, { quarantine: false });
    world.node(0).restart();
    world.node(1).restart();
    await world.clock.advance(500);
    expect(onLost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "missing" }));
  });

  it("looks at the clock before anything else after a stall of the event loop", async () => {
    const world = new World(3);
    const { lease, onLost } = await held(world);
    world.clock.stall(2_000);
    expect(lease.remaining()).toBe(0);
    expect(() => lease.assertHeld()).toThrow(/deadline|validity/);
    expect(onLost).toHaveBeenCalledOnce();
    await expect(lease.renew()).rejects.toMatchObject({ code: "LEASE_EXPIRED" });
    expect(await lease.release()).toBe("expired");
  });

  it("does not believe a renewal whose answer was read after the deadline", async () => {
    const world = new World(3);
    const { lease, heard } = await held(world);
    for (const node of world.nodes) node.hang();
    await world.clock.advance(600);
    world.clock.stall(500);
    for (const node of world.nodes) node.wake();
    await settle();
    expect(lease.remaining()).toBe(0);
    expect(heard.map(({ name }) => name)).not.toContain("renewed");
    expect(heard.at(-1)?.name).toBe("expired");
  });

  it("is found within 250 ms of the end of a suspension, by the wall clock", async () => {
    const world = new World(3);
    const { lease, onLost } = await held(world, { ttl: 60_000 });
    await world.clock.advance(1_000);
    world.clock.stepWall(3_600_000);
    await world.clock.advance(250);
    expect(onLost).toHaveBeenCalledOnce();
    // Over is over: a clock that is set back again revives nothing.
    world.clock.stepWall(-3_600_000);
    expect(lease.remaining()).toBe(0);
  });

  it("goes by the monotonic clock when the wall clock is set back", async () => {
    const world = new World(3);
    const { onLost } = await held(world, { renew: false });
    world.clock.stepWall(-10_000);
    await world.clock.advance(988);
    expect(onLost).toHaveBeenCalledOnce();
  });

  it("leaves no renewal behind: not after a release, a loss or a close", async () => {
    const world = new World(3);
    const { lease, heard } = await held(world);
    await world.clock.advance(600);
    await lease.release();
    // Timers go at the end of the turn.
    await settle();
    expect(world.clock.pending).toBe(0);
    const after = heard.length;
    await world.clock.advance(10_000);
    expect(heard.length).toBe(after);
    expect(world.clock.pending).toBe(0);
  });

  it("ends by release while a renewal is on its way, and the renewal revives nothing", async () => {
    const world = new World(3);
    const { lease, heard } = await held(world);
    for (const node of world.nodes) node.hang();
    await world.clock.advance(500);
    const released = lease.release();
    for (const node of world.nodes) node.wake();
    expect(await world.run(released)).toBe("released");
    await world.clock.advance(100);
    expect(await world.holders("a")).toEqual([false, false, false]);
    expect(heard.at(-1)?.name).toBe("released");
  });

  it("ends as expired when the deadline comes while it is being released", async () => {
    const world = new World(3);
    const { lease, heard, onLost } = await held(world, { ttl: 1_000, renew: false });
    await world.clock.advance(900);
    for (const node of world.nodes) node.hang();
    expect(await world.run(lease.release())).toBe("expired");
    expect(heard.at(-1)?.name).toBe("expired");
    expect(onLost).not.toHaveBeenCalled();
    for (const node of world.nodes) node.wake();
    await settle();
    expect(world.clock.pending).toBe(0);
  });

  it("isolates listeners and callbacks that throw or reject, and reports them", async () => {
    const world = new World(3);
    const reported: string[] = [];
    const locks = world.locks({ ttl: 1_000, onListenerError: (_, event) => reported.push(event) });
    locks.on("acquired", () => {
      throw new Error("mine");
    });
    const second = vi.fn();
    locks.on("acquired", second);
    const onLost = () => Promise.reject(new Error("mine too"));
    const lease = await locks.acquire("a", { renew: false, onLost });
    expect(second).toHaveBeenCalledOnce();
    await world.clock.advance(2_000);
    expect(lease.remaining()).toBe(0);
    expect(reported).toEqual(["acquired", "onLost"]);
  });
});
