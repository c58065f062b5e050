import { describe, expect, it } from "vitest";
import { TickBatcher } from "../../src/engine/time/tick-batcher.js";
import { settle } from "../../src/testing/virtual-clock.js";

const flushable = (name: string, log: string[], then = () => {}) => ({
  flush() {
    log.push(name);
    then();
  },
});

describe("a tick batcher", () => {
  it("flushes at the end of the tick: after all promise jobs, and before any immediate callback", async () => {
    const log: string[] = [];
    const batcher = new TickBatcher(true);
    setImmediate(() => log.push("outside"));
    batcher.add(flushable("a", log));
    void (async () => {
      for (let step = 0; step < 20; step++) await undefined;
      log.push("promises");
      batcher.add(flushable("b", log));
    })();
    expect(log).toEqual([]);
    await settle();
    expect(log).toEqual(["promises", "a", "b", "outside"]);
  });

  it("flushes in the same tick what is added during a flush", async () => {
    const log: string[] = [];
    const batcher = new TickBatcher(true);
    setImmediate(() => log.push("outside"));
    batcher.add(flushable("a", log, () => batcher.add(flushable("b", log))));
    await settle();
    expect(log).toEqual(["a", "b", "outside"]);
  });

  it("flushes after all others what was added as the last", async () => {
    const log: string[] = [];
    const batcher = new TickBatcher(true);
    setImmediate(() => log.push("outside"));
    batcher.addLast(flushable("last", log));
    batcher.add(flushable("a", log));
    await Promise.resolve();
    batcher.add(flushable("b", log));
    await settle();
    expect(log).toEqual(["a", "b", "last", "outside"]);
    new TickBatcher(false).addLast(flushable("at once", log));
    expect(log.at(-1)).toBe("at once");
  });

  it("flushes at once when grouping is off", () => {
    const log: string[] = [];
    new TickBatcher(false).add(flushable("a", log));
    expect(log).toEqual(["a"]);
  });
});
