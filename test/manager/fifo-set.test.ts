import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, it } from "vitest";
import { FifoSet } from "../../src/support/fifo-set.js";
import { cpuTime } from "../support/cpu-time.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

it("gives back in the order in which they came those who have not left", () => {
  const step = fc.oneof(
    fc.record({ what: fc.constantFrom("add", "delete"), one: fc.nat(9) }),
    fc.constant({ what: "take", one: 0 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const row = new FifoSet<number>();
      let model: number[] = [];
      for (const { what, one } of steps) {
        if (what === "take") expect(row.take()).toBe(model.shift());
        if (what === "add" && !model.includes(one)) model.push(one);
        if (what === "delete") model = model.filter((other) => other !== one);
        if (what === "add") row.add(one);
        if (what === "delete") row.delete(one);
        expect(row.size).toBe(model.length);
      }
    }),
  );
});

it("takes two hundred thousand as fast as so many are added", () => {
  const row = new FifoSet<number>();
  const count = 200_000;
  const adding = cpuTime(() => {
    for (let one = 0; one < count; one++) row.add(one);
  });
  const taking = cpuTime(() => {
    for (let one = 0; one < count; one++) row.take();
  });
  // Passing over those that were taken took seconds.
  expect(taking).toBeLessThan(20 * adding);
});

it.each([0, 1, 50])("keeps nobody who left, however long nobody is taken and %i stay", (staying) => {
  const row = new FifoSet<object>();
  for (let one = 0; one < staying; one++) row.add({});
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 300_000; count++) {
    const one = { count, payload: [count] };
    row.add(one);
    row.delete(one);
  }
  collect();
  // All of them would be 20 MB and more.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
  expect(row.size).toBe(staying);
});

it("is as fast where half of them leave and half of them are taken", () => {
  const row = new FifoSet<number>();
  const count = 200_000;
  const adding = cpuTime(() => {
    for (let one = 0; one < count; one++) row.add(one);
  });
  const emptying = cpuTime(() => {
    for (let one = 0; one < count / 2; one++) {
      row.delete(count - 1 - one);
      row.take();
    }
  });
  expect(emptying).toBeLessThan(20 * adding);
  expect(row.size).toBe(0);
});
