import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, it } from "vitest";
import { FifoSet } from "../../src/support/fifo-set.js";
import { cpuTime } from "./cpu-time.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

it("returns the remaining entries in the order in which they were added", () => {
  const step = fc.oneof(
    fc.record({ what: fc.constantFrom("add", "delete"), one: fc.nat(9) }),
    fc.constant({ what: "take", one: 0 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const set = new FifoSet<number>();
      let model: number[] = [];
      for (const { what, one } of steps) {
        if (what === "take") expect(set.take()).toBe(model.shift());
        if (what === "add" && !model.includes(one)) model.push(one);
        if (what === "delete") model = model.filter((other) => other !== one);
        if (what === "add") set.add(one);
        if (what === "delete") set.delete(one);
        expect(set.size).toBe(model.length);
      }
    }),
  );
});

it("takes 200,000 entries as fast as they were added", () => {
  const set = new FifoSet<number>();
  const count = 200_000;
  const adding = cpuTime(() => {
    for (let one = 0; one < count; one++) set.add(one);
  });
  const taking = cpuTime(() => {
    for (let one = 0; one < count; one++) set.take();
  });
  // Skipping the entries that were already taken would need seconds.
  expect(taking).toBeLessThan(20 * adding);
});

it.each([0, 1, 50])(
  "retains no deleted entry, even if no entry is taken and %i entries stay",
  (remaining) => {
    const set = new FifoSet<object>();
    for (let one = 0; one < remaining; one++) set.add({});
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 300_000; count++) {
      const one = { count, payload: [count] };
      set.add(one);
      set.delete(one);
    }
    collect();
    // All deleted entries would need more than 20 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
    expect(set.size).toBe(remaining);
  },
);

it("is as fast when half of the entries are deleted and half are taken", () => {
  const set = new FifoSet<number>();
  const count = 200_000;
  const adding = cpuTime(() => {
    for (let one = 0; one < count; one++) set.add(one);
  });
  const emptying = cpuTime(() => {
    for (let one = 0; one < count / 2; one++) {
      set.delete(count - 1 - one);
      set.take();
    }
  });
  expect(emptying).toBeLessThan(20 * adding);
  expect(set.size).toBe(0);
});
