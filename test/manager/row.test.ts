import fc from "fast-check";
import { expect, it } from "vitest";
import { Row } from "../../src/manager/waiting/row.js";

it("gives back in the order in which they came those who have not left", () => {
  const step = fc.oneof(
    fc.record({ what: fc.constantFrom("add", "delete"), one: fc.nat(9) }),
    fc.constant({ what: "take", one: 0 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const row = new Row<number>();
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
  const row = new Row<number>();
  const count = 200_000;
  for (let one = 0; one < count; one++) row.add(one);
  const began = performance.now();
  for (let one = 0; one < count; one++) row.take();
  // Passing over those that were taken took seconds.
  expect(performance.now() - began).toBeLessThan(1_000);
});
