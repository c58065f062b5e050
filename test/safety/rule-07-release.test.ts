import { describe, expect, it } from "vitest";
import { denied, granted } from "../engine/scripted-node.js";
import { settle, World } from "../manager/world.js";
import { answer, scripted } from "./world.js";

describe("rule 7: releasing is idempotent and masks nothing", () => {
  it("gives the same outcome again, and asks the nodes once", async () => {
    const { locks, nodes } = scripted(3);
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    const lease = await acquisition;
    const both = Promise.all([lease.release(), lease.release()]);
    await answer(nodes, "release", [granted, granted, granted]);
    expect(await both).toEqual(["released", "released"]);
    expect(await lease.release()).toBe("released");
    expect(nodes.map(({ ops }) => ops.filter((op) => op === "release").length)).toEqual([1, 1, 1]);
  });

  it("is an outcome, not an exception, when the lease is over", async () => {
    const world = new World();
    const lease = await world.locks({ ttl: 500 }).acquire("a", { renew: false });
    await world.clock.advance(600);
    expect(await lease.release()).toBe("expired");
    expect(await lease.release()).toBe("expired");
  });

  it("keeps the job's value, and the job's error, when the lease was lost under it", async () => {
    const world = new World();
    const locks = world.locks({ ttl: 500, renew: false });
    const sleep = () => new Promise<void>((resolve) => world.clock.after(1_000, resolve));
    const value = locks.using("a", async () => {
      await sleep();
      return "done";
    });
    expect(await world.run(value)).toBe("done");
    const error = locks.using("a", async () => {
      await sleep();
      throw new Error("the job's own");
    });
    await expect(world.run(error)).rejects.toThrow("the job's own");
  });

  it("succeeds where no node can be reached, and where the key is somebody else's by now", async () => {
    const { locks, nodes, clock } = scripted(3);
    for (const [replies, outcome] of [
      [[], "pending"],
      [[denied, denied, denied], "released"],
    ] as const) {
      const acquisition = locks.acquire("a");
      await answer(nodes, "acquire", [granted, granted, granted]);
      const lease = await acquisition;
      const released = lease.release();
      await answer(nodes, "release", replies);
      await clock.advance(300);
      expect(await released).toBe(outcome);
    }
    for (const { arrivals } of nodes) for (const { answer: late } of arrivals) late(granted);
    await settle();
    expect(clock.pending).toBe(0);
  });

  it("leaves no timer and no renewal, nor do a loss and a close", async () => {
    for (const end of ["release", "loss", "close"] as const) {
      const world = new World();
      const locks = world.locks({ ttl: 1_000 });
      const lease = await locks.acquire("a");
      await world.clock.advance(600);
      if (end === "release") await lease.release();
      if (end === "close") await locks.close();
      if (end === "loss") {
        for (const node of world.nodes) node.crash();
        await world.clock.advance(1_000);
      }
      // Timers go at the end of the turn.
      await settle();
      expect(world.clock.pending, end).toBe(0);
    }
  });

  it("leaves no timer where a node answers for the first time after the others were given up", async () => {
    const world = new World();
    const locks = world.locks({ nodeTimeout: 100 });
    for (const node of world.nodes.slice(1)) node.hang();
    await world.run(locks.tryAcquire("a").catch(() => null));
    world.node(1).wake();
    await settle();
    await locks.close();
    await settle();
    expect(world.clock.pending).toBe(0);
  });
});
