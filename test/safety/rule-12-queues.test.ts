import { describe, expect, it } from "vitest";
import { ask } from "../engine/batches.js";
import { standIn } from "../manager/queues.js";
import { settle, World } from "../manager/world.js";

const wanted = () => true;
const foreign = { keys: ["a"], token: "foreign" };

describe("rule 12: queues stand beside the key, never in it", () => {
  it("so a client that knows of none takes a lock that is kept for somebody else", async () => {
    const world = new World();
    const held = await world.run(world.locks().acquire("a"));
    await standIn(world.nodes, "a");
    await held.release();
    await settle();
    expect(await world.run(world.locks().tryAcquire("a"))).toBeNull();
    for (const node of world.nodes) {
      const taken = ask(node, { command: { op: "acquire", ...foreign, ttl: 1_000 }, wanted });
      expect(await taken).toEqual({ kind: "granted" });
    }
  });

  it("and who waits in line waits for it too, until its ttl is over or it is gone without a word", async () => {
    for (const released of [false, true]) {
      const world = new World();
      for (const node of world.nodes) {
        await ask(node, { command: { op: "acquire", ...foreign, ttl: 1_000 }, wanted });
      }
      const start = world.clock.monotonic();
      let owned = false;
      const waiting = world.locks().using("a", async () => {
        owned = true;
      });
      await world.clock.advance(300);
      expect(owned).toBe(false);
      if (released) {
        for (const node of world.nodes) await ask(node, { command: { op: "release", ...foreign }, wanted });
      }
      await world.run(waiting);
      const taken = world.clock.monotonic() - start;
      expect(taken).toBeGreaterThanOrEqual(released ? 300 : 1_000);
      expect(taken).toBeLessThanOrEqual(released ? 300 + 500 + 5 : 1_000 + 15);
    }
  });
});
