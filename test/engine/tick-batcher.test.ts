import { describe, expect, it } from "vitest";
import { TickBatcher } from "../../src/engine/time/tick-batcher.js";
import { settle } from "../../src/testing/virtual-clock.js";

const departing = (name: string, log: string[], then = () => {}) => ({
  flush() {
    log.push(name);
    then();
  },
});

describe("a batcher", () => {
  it("lets everything depart at its end: when no promise is left to run, and before anything from outside", async () => {
    const log: string[] = [];
    const batcher = new TickBatcher(true);
    setImmediate(() => log.push("outside"));
    batcher.add(departing("a", log));
    void (async () => {
      for (let step = 0; step < 20; step++) await undefined;
      log.push("promises");
      batcher.add(departing("b", log));
    })();
    expect(log).toEqual([]);
    await settle();
    expect(log).toEqual(["promises", "a", "b", "outside"]);
  });

  it("lets depart in the same batcher what is added while it ends", async () => {
    const log: string[] = [];
    const batcher = new TickBatcher(true);
    setImmediate(() => log.push("outside"));
    batcher.add(departing("a", log, () => batcher.add(departing("b", log))));
    await settle();
    expect(log).toEqual(["a", "b", "outside"]);
  });

  it("that groups nothing lets it depart at once", () => {
    const log: string[] = [];
    new TickBatcher(false).add(departing("a", log));
    expect(log).toEqual(["a"]);
  });
});
