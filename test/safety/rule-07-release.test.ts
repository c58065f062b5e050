import { describe, expect, it } from "vitest";
import { denied, granted } from "../engine/scripted-node.js";
import { settle, TestNodes } from "../manager/test-nodes.js";
import { answer, scripted } from "./scripted-locks.js";

describe("rule 7: releasing is idempotent and masks nothing", () => {
  it("returns the same outcome again, and asks the nodes once", async () => {
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

  it("returns an outcome, not an exception, when the lease is over", async () => {
    const testNodes = new TestNodes();
    const lease = await testNodes.locks({ ttl: 500 }).acquire("a", { renew: false });
    await testNodes.clock.advance(600);
    expect(await lease.release()).toBe("expired");
    expect(await lease.release()).toBe("expired");
  });

  it("keeps the job's value or error when the lease was lost during the job", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 500, renew: false });
    const sleep = () => new Promise<void>((resolve) => testNodes.clock.after(1_000, resolve));
    const value = locks.using("a", async () => {
      await sleep();
      return "done";
    });
    expect(await testNodes.run(value)).toBe("done");
    const error = locks.using("a", async () => {
      await sleep();
      throw new Error("the job's own");
    });
    await expect(testNodes.run(error)).rejects.toThrow("the job's own");
  });

  it("returns an outcome when no node answers, and when another client holds the key", async () => {
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

  it("leaves no timer and no renewal, as do a loss and close()", async () => {
    for (const end of ["release", "loss", "close"] as const) {
      const testNodes = new TestNodes();
      const locks = testNodes.locks({ ttl: 1_000 });
      const lease = await locks.acquire("a");
      await testNodes.clock.advance(600);
      if (end === "release") await lease.release();
      if (end === "close") await locks.close();
      if (end === "loss") {
        for (const node of testNodes.nodes) node.crash();
        await testNodes.clock.advance(1_000);
      }
      // Timers are cancelled at the end of the tick.
      await settle();
      expect(testNodes.clock.pending, end).toBe(0);
    }
  });

  it("leaves no timer when a node answers for the first time after the attempt was abandoned", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ nodeTimeout: 100 });
    for (const node of testNodes.nodes.slice(1)) node.hang();
    await testNodes.run(locks.tryAcquire("a").catch(() => null));
    testNodes.node(1).wake();
    await settle();
    await locks.close();
    await settle();
    expect(testNodes.clock.pending).toBe(0);
  });
});
