import { expect, it } from "vitest";
import { handoversOf } from "../../bench/handovers.mjs";

it("runs from the call of release to the next holder, whoever noted the leases first", () => {
  const leases = [
    [30, 36],
    [10, 15],
    [18, 23],
  ] as const;
  expect(handoversOf(leases)).toEqual([3, 7]);
});

it("is negative where two leases overlapped", () => {
  expect(
    handoversOf([
      [10, 15],
      [14, 20],
    ]),
  ).toEqual([-1]);
});

it("needs two leases", () => {
  expect(handoversOf([[10, 15]])).toEqual([]);
});
