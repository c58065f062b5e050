import { describe, expect, it } from "vitest";
import { findOverlaps } from "./check-exclusion.js";
import { findFenceFaults } from "./check-fences.js";
import { judgeLosses, lossBound } from "./check-losses.js";
import type { WitnessedLease } from "./record.js";

let count = 0;
/** A lease of "a" from 100 to 200, which was won by a round from 90 on, or as given. */
const lease = (given: Partial<WitnessedLease> = {}): WitnessedLease => {
  count += 1;
  return {
    id: `lease-${count}`,
    client: "client-0.1",
    resource: "a",
    fence: count,
    asked: 80,
    won: 90,
    start: 100,
    until: 200,
    left: null,
    lost: null,
    writes: 0,
    refused: 0,
    late: 0,
    wronged: 0,
    ...given,
  };
};

describe("the check of exclusion", () => {
  it("finds who held it at the same time, and for how long", () => {
    const one = lease();
    const other = lease({ start: 190, until: 300 });
    expect(findOverlaps([other, one])).toEqual([{ resource: "a", one: one.id, other: other.id, ms: 10 }]);
  });

  it("finds what began and ended within another, and what came after both", () => {
    const long = lease({ until: 1_000 });
    const within = lease({ start: 300, until: 400 });
    const last = lease({ start: 900, until: 1_100 });
    expect(findOverlaps([long, within, last]).map(({ one, other, ms }) => [one, other, ms])).toEqual([
      [long.id, within.id, 100],
      [long.id, last.id, 100],
    ]);
  });

  it("takes what was left, or told to be lost, for over", () => {
    const next = lease({ start: 150, until: 300 });
    expect(findOverlaps([lease({ left: 150 }), next])).toEqual([]);
    expect(findOverlaps([lease({ lost: 149 }), next])).toEqual([]);
    expect(findOverlaps([lease({ left: 151 }), next])).toHaveLength(1);
  });

  it("does not count a holder that went on after its deadline, nor a lease that came with nothing left", () => {
    const stalled = lease({ left: 5_000, lost: 5_000 });
    expect(findOverlaps([stalled, lease({ start: 200, until: 300 })])).toEqual([]);
    expect(findOverlaps([lease({ until: 0 }), lease()])).toEqual([]);
  });

  it("keeps resources apart", () => {
    expect(findOverlaps([lease(), lease({ resource: "b" })])).toEqual([]);
  });
});

describe("the check of fences", () => {
  it("finds one that was given twice, whoever had it", () => {
    const one = lease({ fence: 7 });
    const other = lease({ fence: 7, won: 50 });
    expect(findFenceFaults([one, other])).toEqual([
      { kind: "repeat", resource: "a", earlier: one.id, later: other.id, fences: [7, 7] },
    ]);
  });

  it("finds one that is lower than one that was had before its round began", () => {
    const one = lease({ fence: 9, start: 100 });
    const other = lease({ fence: 8, won: 100, start: 110 });
    expect(findFenceFaults([other, one])).toEqual([
      { kind: "step back", resource: "a", earlier: one.id, later: other.id, fences: [9, 8] },
    ]);
  });

  it("compares with all that were before, not the last one alone", () => {
    const some = [
      lease({ fence: 9 }),
      lease({ fence: 10, won: 200, start: 210 }),
      lease({ fence: 5, won: 80, start: 205 }),
      lease({ fence: 6, won: 300, start: 310 }),
    ];
    expect(findFenceFaults(some).map(({ later }) => later)).toEqual([some[3]?.id]);
  });

  it("asks for no order between rounds that were under way at the same time", () => {
    expect(
      findFenceFaults([lease({ fence: 9, start: 100 }), lease({ fence: 8, won: 99, start: 110 })]),
    ).toEqual([]);
  });

  it("keeps resources apart", () => {
    expect(findFenceFaults([lease({ fence: 7 }), lease({ fence: 7, resource: "b" })])).toEqual([]);
  });
});

describe("the check of losses", () => {
  const none = new Map();

  it("finds a loss that was told too late, and one that was not told", () => {
    const soon = lease({ lost: 203, overdue: 3 });
    const late = lease({ lost: 201 + lossBound, overdue: lossBound + 1 });
    const untold = lease({ left: 300, untold: true });
    expect(judgeLosses([soon, late, untold], none)).toEqual({
      lost: 2,
      awake: 2,
      inTime: 1,
      mostOverdue: lossBound + 1,
      mostAfterWaking: 0,
      late: [late.id],
      untold: [untold.id],
    });
  });

  it("counts from its waking for a process that stood still at the deadline", () => {
    const stills = new Map([["client-0.1", [{ from: 150, to: 3_000 }]]]);
    const told = lease({ lost: 3_004, overdue: 2_804 });
    expect(judgeLosses([told], stills)).toMatchObject({ awake: 0, inTime: 1, mostAfterWaking: 4, late: [] });
    const late = lease({ lost: 3_001 + lossBound, overdue: 2_801 + lossBound });
    expect(judgeLosses([late], stills).late).toEqual([late.id]);
  });

  it("does not count what a process had to wait for again when it went on", () => {
    const stills = new Map([
      [
        "client-0.1",
        [
          { from: 150, to: 3_000 },
          { from: 2_900, to: 3_100 },
          { from: 3_200, to: 3_600 },
        ],
      ],
    ]);
    const told = lease({ lost: 3_610, overdue: 3_410 });
    expect(judgeLosses([told], stills)).toMatchObject({ inTime: 1, mostAfterWaking: 110, late: [] });
    const late = lease({ lost: 3_501 + lossBound, overdue: 3_301 + lossBound });
    expect(judgeLosses([late], stills).late).toEqual([late.id]);
  });

  it("excuses nobody who had gone on before the deadline, and nobody else", () => {
    const stills = new Map([["client-0.1", [{ from: 10, to: 199 }]]]);
    const late = lease({ lost: 1_200, overdue: 1_000 });
    expect(judgeLosses([late], stills).late).toEqual([late.id]);
    expect(judgeLosses([{ ...late, client: "client-1.1" }], stills).late).toEqual([late.id]);
  });
});
