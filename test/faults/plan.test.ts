import fc from "fast-check";
import { expect, it } from "vitest";
import { type Fault, kindNames, kindOf } from "./kinds.js";
import { planFaults } from "./plan.js";

const size = { servers: 5, clients: 8, grouped: true };
const minute = 60_000;
const planOf = (seed: number, faultClass: "in bounds" | "beyond" = "in bounds", length = 10 * minute) =>
  planFaults({ seed, for: length, class: faultClass, ...size });

const until = ({ at, ms, kind }: Fault): number => at + ms + kindOf(kind).settles;
const touching = (plan: readonly Fault[], scope: "server" | "client", at: number) =>
  plan.filter((fault) => kindOf(fault.kind).scope === scope && fault.at <= at && at < until(fault));

it("is determined by its seed", () => {
  expect(planOf(1)).toEqual(planOf(1));
  expect(planOf(1)).not.toEqual(planOf(3));
});

it("contains every kind of fault in ten minutes", () => {
  const plan = planOf(1);
  expect(plan.length).toBeGreaterThan(550);
  const beyond = new Set(planOf(1, "beyond").map(({ kind }) => kind));
  expect(kindNames.filter((name) => !beyond.has(name))).toEqual([]);
});

it("disturbs a minority of the servers at a time, each by one fault, and only one loses its memory", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) => {
      const plan = planOf(seed, "in bounds", 3 * minute);
      for (const { at } of plan) {
        const servers = touching(plan, "server", at).filter(({ kind }) => kindOf(kind).settles > 0);
        expect(servers.length).toBeLessThanOrEqual(2);
        expect(new Set(servers.map(({ target }) => target)).size).toBe(servers.length);
        expect(servers.filter(({ kind }) => kindOf(kind).forgets).length).toBeLessThanOrEqual(1);
        expect(touching(plan, "client", at).length).toBeLessThanOrEqual(3);
      }
      expect(plan.filter(({ kind }) => kindOf(kind).beyond)).toEqual([]);
    }),
    { numRuns: 10 },
  );
});
