import { describe, expect, it } from "vitest";
import { judgeElections } from "./check-elections.js";
import { findOverlaps } from "./check-exclusion.js";
import { findFenceFaults } from "./check-fences.js";
import { judgeLosses, lossBound } from "./check-losses.js";
import type { RecordedLease } from "./record.js";

let count = 0;
/** A lease of "a" from 100 to 200, won by a round that began at 90, unless `given` overrides it. */
const lease = (given: Partial<RecordedLease> = {}): RecordedLease => {
  count += 1;
  return {
    id: `lease-${count}`,
    client: "client-0.1",
    resource: "a",
    takes: 1,
    of: 1,
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
  it("finds overlapping leases, and how long they overlap", () => {
    const one = lease();
    const other = lease({ start: 190, until: 300 });
    expect(findOverlaps([other, one])).toEqual([{ resource: "a", one: one.id, other: other.id, ms: 10 }]);
  });

  it("finds a lease within another lease, and a later overlap with the longer lease", () => {
    const long = lease({ until: 1_000 });
    const within = lease({ start: 300, until: 400 });
    const last = lease({ start: 900, until: 1_100 });
    expect(findOverlaps([long, within, last]).map(({ one, other, ms }) => [one, other, ms])).toEqual([
      [long.id, within.id, 100],
      [long.id, last.id, 100],
    ]);
  });

  it("counts the units that leases of permits, and shared leases, take of their resource", () => {
    const permit = (given: Partial<RecordedLease> = {}) => lease({ takes: 1, of: 3, ...given });
    const [one, two] = [permit(), permit({ takes: 2, until: 300 })];
    expect(findOverlaps([one, two, permit({ start: 200, until: 400 })])).toEqual([]);
    const tooMany = permit({ start: 190, until: 400 });
    expect(findOverlaps([one, two, tooMany])).toEqual([
      { resource: "a", one: two.id, other: tooMany.id, ms: 110 },
    ]);
    const [reader, other, writer] = [1, 1, 1_000].map((takes) => lease({ takes, of: 1_000 }));
    expect(findOverlaps([reader, other] as RecordedLease[])).toEqual([]);
    expect(findOverlaps([reader, other, writer] as RecordedLease[])).toHaveLength(1);
  });

  it("treats a lease as ended when it was released or reported lost", () => {
    const next = lease({ start: 150, until: 300 });
    expect(findOverlaps([lease({ left: 150 }), next])).toEqual([]);
    expect(findOverlaps([lease({ lost: 149 }), next])).toEqual([]);
    expect(findOverlaps([lease({ left: 151 }), next])).toHaveLength(1);
  });

  it("ignores the time of a holder after its deadline, and a lease that was granted with no time left", () => {
    const stalled = lease({ left: 5_000, lost: 5_000 });
    expect(findOverlaps([stalled, lease({ start: 200, until: 300 })])).toEqual([]);
    expect(findOverlaps([lease({ until: 0 }), lease()])).toEqual([]);
  });

  it("checks each resource separately", () => {
    expect(findOverlaps([lease(), lease({ resource: "b" })])).toEqual([]);
  });
});

describe("the check of fences", () => {
  it("finds a fence that was granted twice", () => {
    const one = lease({ fence: 7 });
    const other = lease({ fence: 7, won: 50 });
    expect(findFenceFaults([one, other])).toEqual([
      { kind: "repeat", resource: "a", earlier: one.id, later: other.id, fences: [7, 7] },
    ]);
  });

  it("finds a fence that is lower than one granted before its round began", () => {
    const one = lease({ fence: 9, start: 100 });
    const other = lease({ fence: 8, won: 100, start: 110 });
    expect(findFenceFaults([other, one])).toEqual([
      { kind: "step back", resource: "a", earlier: one.id, later: other.id, fences: [9, 8] },
    ]);
  });

  it("compares with all earlier fences, not only with the last one", () => {
    const some = [
      lease({ fence: 9 }),
      lease({ fence: 10, won: 200, start: 210 }),
      lease({ fence: 5, won: 80, start: 205 }),
      lease({ fence: 6, won: 300, start: 310 }),
    ];
    expect(findFenceFaults(some).map(({ later }) => later)).toEqual([some[3]?.id]);
  });

  it("requires no order between overlapping rounds", () => {
    expect(
      findFenceFaults([lease({ fence: 9, start: 100 }), lease({ fence: 8, won: 99, start: 110 })]),
    ).toEqual([]);
  });

  it("checks each resource separately", () => {
    expect(findFenceFaults([lease({ fence: 7 }), lease({ fence: 7, resource: "b" })])).toEqual([]);
  });
});

describe("the check of losses", () => {
  const none = new Map();

  it("finds a loss that was reported too late, and a loss that was not reported", () => {
    const soon = lease({ lost: 203, overdue: 3 });
    const late = lease({ lost: 201 + lossBound, overdue: lossBound + 1 });
    const untold = lease({ left: 300, untold: true });
    expect(judgeLosses([soon, late, untold], none)).toEqual({
      lost: 2,
      awake: 2,
      inTime: 1,
      maxOverdue: lossBound + 1,
      maxAfterResuming: 0,
      late: [late.id],
      untold: [untold.id],
    });
  });

  it("counts from the resumption of a process that was stalled at the deadline", () => {
    const stalledSpans = new Map([["client-0.1", [{ from: 150, to: 3_000 }]]]);
    const inTime = lease({ lost: 3_004, overdue: 2_804 });
    expect(judgeLosses([inTime], stalledSpans)).toMatchObject({
      awake: 0,
      inTime: 1,
      maxAfterResuming: 4,
      late: [],
    });
    const late = lease({ lost: 3_001 + lossBound, overdue: 2_801 + lossBound });
    expect(judgeLosses([late], stalledSpans).late).toEqual([late.id]);
  });

  it("does not count further stalls after the resumption", () => {
    const stalledSpans = new Map([
      [
        "client-0.1",
        [
          { from: 150, to: 3_000 },
          { from: 2_900, to: 3_100 },
          { from: 3_200, to: 3_600 },
        ],
      ],
    ]);
    const inTime = lease({ lost: 3_610, overdue: 3_410 });
    expect(judgeLosses([inTime], stalledSpans)).toMatchObject({ inTime: 1, maxAfterResuming: 110, late: [] });
    const late = lease({ lost: 3_501 + lossBound, overdue: 3_301 + lossBound });
    expect(judgeLosses([late], stalledSpans).late).toEqual([late.id]);
  });

  it("excuses no process that resumed before the deadline, and no other process", () => {
    const stalledSpans = new Map([["client-0.1", [{ from: 10, to: 199 }]]]);
    const late = lease({ lost: 1_200, overdue: 1_000 });
    expect(judgeLosses([late], stalledSpans).late).toEqual([late.id]);
    expect(judgeLosses([{ ...late, client: "client-1.1" }], stalledSpans).late).toEqual([late.id]);
  });
});

describe("the check of elections", () => {
  const note = (client: string, ...terms: readonly [fence: number, from: number, to: number][]) => ({
    client,
    terms: terms.map(([fence, from, to]) => ({ fence, from, to })),
  });

  it("counts terms, one that several notes tell of as one", () => {
    const notes = [note("a", [1, 100, 150]), note("b", [2, 200, 250]), note("a", [1, 100, 190])];
    expect(judgeElections(notes)).toEqual({ terms: 2, overlaps: [], fenceFaults: [] });
  });

  it("finds two leaders at the same time, also within a longer term", () => {
    const notes = [note("a", [1, 100, 400]), note("b", [2, 200, 250]), note("c", [3, 390, 500])];
    expect(judgeElections(notes).overlaps).toEqual([
      "a and b led at the same time, for 50.000 ms",
      "a and c led at the same time, for 10.000 ms",
    ]);
  });

  it("finds fences that do not grow", () => {
    expect(judgeElections([note("a", [2, 100, 150]), note("b", [2, 200, 250])]).fenceFaults).toHaveLength(1);
  });
});
