import { describe, expect, it } from "vitest";
import { bounds, judgeLiveness, type LivenessFacts } from "./check-liveness.js";
import { judgeOrder, maxOvertakenShare, maxOvertakings } from "./check-order.js";
import type { Client, ProcessRun } from "./client.js";
import { Disturbances, findGaps } from "./disturbances.js";
import type { Injected } from "./inject.js";
import type { RecordedLease, RecordedNote } from "./record.js";
import { type Sighting, sightingOf } from "./scanner.js";
import { judge } from "./verdict.js";

const minute = 60_000;
const run: ProcessRun = { id: "client-0.1", client: 0, works: ["vote"], from: 0, to: minute };
const doing = (...works: ProcessRun["works"]): readonly ProcessRun[] => [
  { ...run, works: ["vote", ...works] },
];
const every = (ms: number, from = 0, to = minute) =>
  Array.from({ length: Math.floor((to - from) / ms) }, (_, index) => from + (index + 1) * ms);

const disturbedServer: Injected = {
  kind: "CLIENT KILL",
  scope: "server",
  target: 0,
  from: 20_000,
  to: 22_000,
};
const disturbedClient: Injected = {
  ...{ kind: "a client parted from most servers", scope: "client", target: 0 },
  ...{ from: 20_000, to: 22_000 },
};

describe("the search for gaps", () => {
  const watched = { from: 0, to: 1_000, signs: every(100, 0, 1_000), disturbed: [], stalls: [], bound: 100 };

  it("finds gaps that exceed the bound: at the start, in the middle, and at the end", () => {
    const signs = [300, 400, 500, 700, 800];
    expect(findGaps(watched).gaps).toEqual([]);
    expect(findGaps({ ...watched, signs }).gaps).toEqual([
      { from: 0, to: 300, ms: 300 },
      { from: 500, to: 700, ms: 200 },
      { from: 800, to: 1_000, ms: 200 },
    ]);
    expect(findGaps({ ...watched, signs }).longest).toBe(300);
  });

  it("restarts after each disturbance, and measures the recovery", () => {
    const disturbed = [{ from: 150, to: 450 }];
    const signs = [100, 530, 600, 700, 800, 900, 1_000];
    expect(findGaps({ ...watched, signs, disturbed })).toEqual({ gaps: [], recoveries: [80], longest: 100 });
    const late = [100, 560, 600, 700, 800, 900, 1_000];
    expect(findGaps({ ...watched, signs: late, disturbed }).gaps).toEqual([{ from: 450, to: 560, ms: 110 }]);
    // Progress during a disturbance does not count as a recovery.
    const within = [100, 440, 560, 600, 700, 800, 900, 1_000];
    expect(findGaps({ ...watched, signs: within, disturbed }).gaps).toHaveLength(1);
  });

  it("excludes stalls, and nothing else", () => {
    const signs = [100, 200, 450, 500, 600, 700, 800, 900, 1_000];
    const gaps = (stall: { from: number; to: number }) =>
      findGaps({ ...watched, signs, stalls: [stall] }).gaps;
    expect(gaps({ from: 250, to: 400 })).toEqual([]);
    expect(gaps({ from: 250, to: 399 })).toEqual([{ from: 200, to: 450, ms: 101 }]);
    expect(gaps({ from: 500, to: 900 })).toHaveLength(1);
  });
});

describe("the check of liveness", () => {
  const votes = (server: number, times: readonly number[]): Sighting[] =>
    times.map((time) => ({
      kind: "vote",
      key: "vote",
      id: run.id,
      server,
      asked: time,
      end: time,
      last: time,
    }));
  const note = (given: Partial<RecordedNote>): RecordedNote => ({ client: run.id, ...given });
  const judged = (given: Partial<LivenessFacts> & { injected?: Injected[]; notes?: RecordedNote[] }) => {
    const { injected = [], notes = [], ...facts } = given;
    return judgeLiveness({
      ...{ sightings: votes(0, every(500)), servers: 1, runs: [run], inBounds: true },
      recorded: { leases: [], notes },
      disturbances: new Disturbances(injected, [], notes),
      ...facts,
    });
  };

  it("finds a server that no longer votes for a process", () => {
    const sightings = votes(0, every(500, 0, 30_000));
    expect(judged({}).faults).toEqual([]);
    expect(judged({ sightings }).faults).toEqual([
      "client-0.1 had no vote of server 0 for 30000 ms from 30000 on",
    ]);
    const other = votes(1, every(500));
    expect(judged({ sightings: [...sightings, ...other], servers: 2 }).faults).toHaveLength(1);
  });

  it("allows a server time after a fault, and measures the recovery", () => {
    const back = (ms: number) => [...every(500, 0, 20_000), ...every(500, 22_000 + ms, minute)];
    const { faults, recoveries } = judged({
      injected: [disturbedServer],
      sightings: votes(0, back(bounds.vote - 500)),
    });
    expect({ faults, recoveries }).toEqual({ faults: [], recoveries: [bounds.vote] });
    const late = judged({ injected: [disturbedServer], sightings: votes(0, back(bounds.vote)) });
    expect(late.faults).toHaveLength(1);
  });

  it("waits for an abstaining server, and for no other", () => {
    const gone = [...every(500, 0, 20_000), ...every(500, 22_000 + bounds.vote + 500, minute)];
    const forgot: Injected = { ...disturbedServer, kind: "FLUSHALL" };
    expect(judged({ injected: [forgot], sightings: votes(0, gone) }).faults).toEqual([]);
    expect(judged({ injected: [disturbedServer], sightings: votes(0, gone) }).faults).toHaveLength(1);
  });

  it("finds a process that gets no free lock, no new fence, or no turn in the queue", () => {
    const lease = { client: run.id, resource: "line-0" } as RecordedLease;
    const leases = every(500).map((start) => ({ ...lease, start }));
    const busy = note({ probes: every(500).flatMap((at) => [at - 10, at]), fresh: every(300) });
    const runs = doing("probe", "fresh", "line");
    const all = { runs, recorded: { leases, notes: [busy] }, notes: [busy] };
    expect(judged(all).faults).toEqual([]);
    const probes = every(500, 0, 30_000).flatMap((at) => [at - 10, at]);
    const stuck = note({ probes, fresh: every(300, 0, 40_000) });
    const found = judged({
      runs,
      recorded: { leases: leases.filter(({ start }) => start < 45_000), notes: [stuck] },
      notes: [stuck],
    }).faults;
    expect(found).toEqual([
      "client-0.1 had nothing that was free for 30000 ms from 30000 on",
      "client-0.1 had no fence of a new resource for 20100 ms from 39900 on",
      "client-0.1 had no turn in the queue for 15500 ms from 44500 on",
    ]);
    // A process that was stuck from the start.
    expect(judged({ runs }).faults).toHaveLength(4);
  });

  it("finds a process that gets too few fences", () => {
    const slow = note({ fresh: every(5_000) });
    const facts = { recorded: { leases: [], notes: [slow] }, notes: [slow] };
    expect(judged({ ...facts, runs: doing("fresh") }).faults).toEqual([
      "client-0.1 had 12 fences of new resources in 60000 ms",
    ]);
  });

  it("finds a key that outlived its lease, unless the process or the server was disturbed", () => {
    const left = (last: number): Sighting => ({
      ...{ kind: "held", key: "held-client-0.1-18500-19000", id: run.id, server: 0 },
      ...{ asked: 18_500, end: 19_000, last },
    });
    const faultsOf = (last: number, injected: Injected[] = []) =>
      judged({ sightings: [...votes(0, every(500)), left(last)], injected });
    expect(faultsOf(18_000)).toMatchObject({ left: 0, faults: [] });
    expect(faultsOf(19_000 + bounds.gone)).toMatchObject({ left: 1, longestLeft: bounds.gone, faults: [] });
    const found = "held-client-0.1-18500-19000 was still on server 0 3600 ms after its end";
    expect(faultsOf(22_600).faults).toEqual([found]);
    for (const hurt of [disturbedServer, disturbedClient]) {
      expect(faultsOf(22_600, [hurt]).faults).toEqual([]);
      expect(faultsOf(22_100 + bounds.gone, [hurt]).faults).toHaveLength(1);
    }
    const restored: Injected = { ...disturbedServer, kind: "SIGKILL, restart from an old snapshot" };
    expect(faultsOf(30_000, [restored]).faults).toEqual([]);
  });

  it("ignores keys that a killed process left", () => {
    const key = {
      kind: "held",
      key: "k",
      id: run.id,
      server: 0,
      asked: 18_000,
      end: 19_000,
      last: 30_000,
    } as const;
    const short = { ...run, to: 20_000 };
    expect(judged({ runs: [short], sightings: [...votes(0, every(500)), key] }).faults).toEqual([]);
    // A key that remained while the process was running is a fault.
    const longer = { ...run, to: 25_000 };
    expect(judged({ runs: [longer], sightings: [...votes(0, every(500)), key] }).faults).toHaveLength(1);
  });

  it("finds a lease with a long TTL that was lost although there was time to renew it", () => {
    const lost = [note({ lost: [{ since: 30_000, at: 40_000, why: "no quorum" }] })];
    const faultsOf = (injected: Injected[]) =>
      judged({ recorded: { leases: [], notes: lost }, notes: lost, injected }).faults;
    expect(faultsOf([])).toEqual([
      "client-0.1 lost a lease of 10000 ms at 40000, though it had time to renew it: no quorum",
    ]);
    expect(faultsOf([disturbedClient])).toHaveLength(1);
    expect(faultsOf([{ ...disturbedClient, from: 34_000, to: 37_000 }])).toEqual([]);
    // Two of the three servers are disturbed, one after the other; and then at a time that no longer matters.
    const forgot = (server: number, at: number): Injected => ({
      ...{ kind: "FLUSHALL", scope: "server", target: server, from: at, to: at },
    });
    const among = (...injected: Injected[]) =>
      judged({
        ...{ recorded: { leases: [], notes: lost }, notes: lost, injected, servers: 3 },
        sightings: [0, 1, 2].flatMap((server) => votes(server, every(500))),
      }).faults;
    expect(among(forgot(0, 35_000), forgot(1, 38_000))).toEqual([]);
    expect(among(forgot(0, 30_000), forgot(1, 38_000))).toHaveLength(1);
  });

  it("requires no majority beyond the assumptions, but each server's vote", () => {
    const stuck = [note({ probes: [1, 2] })];
    const runs = doing("probe");
    const facts = { runs, recorded: { leases: [], notes: stuck }, notes: stuck, inBounds: false };
    expect(judged(facts).faults).toEqual([]);
    expect(judged({ ...facts, sightings: [] }).faults).toHaveLength(1);
  });
});

describe("the check of the order", () => {
  const none = new Disturbances([], [], []);
  const lease = (asked: number, start: number, id = `at ${asked}`) =>
    ({ id, client: run.id, resource: "line-0", asked, start }) as RecordedLease;
  /** A waiter that came at 1,000, and was served after `times` waiters that came a second later. */
  const passed = (times: number) => [
    ...Array.from({ length: times }, (_, index) => lease(2_000 + index, 2_100 + index)),
    lease(1_000, 3_000, "first"),
  ];

  it("counts waiters that were served after later ones, and finds those overtaken too often", () => {
    expect(judgeOrder(passed(maxOvertakings), [run], 1, none)).toEqual({
      ...{ served: maxOvertakings + 1, overtaken: 1, most: maxOvertakings, faults: [] },
    });
    expect(judgeOrder(passed(maxOvertakings + 1), [run], 1, none).faults).toEqual([
      `first waited for line-0 while ${maxOvertakings + 1} later waiters were served`,
    ]);
  });

  it("finds a missing order, although no waiter is overtaken often", () => {
    const pairs = (wrong: number) =>
      Array.from({ length: 100 }, (_, index) => {
        const at = index * 10_000;
        const one = lease(at, at + 2_000);
        return index < wrong ? [one, lease(at + 1_000, at + 1_500)] : [one];
      }).flat();
    const limit = Math.floor((maxOvertakenShare * 100) / (1 - maxOvertakenShare));
    expect(judgeOrder(pairs(limit), [run], 1, none).faults).toEqual([]);
    expect(judgeOrder(pairs(limit + 1), [run], 1, none).faults).toEqual([
      `${limit + 1} of ${101 + limit} queued waiters were served after a later waiter`,
    ]);
  });

  it("requires no order during a disturbance, nor between waiters that came together", () => {
    for (const hurt of [disturbedServer, disturbedClient]) {
      const at = { ...hurt, from: 2_500, to: 2_600 };
      expect(judgeOrder(passed(maxOvertakings + 4), [run], 1, new Disturbances([at], [], [])).faults).toEqual(
        [],
      );
    }
    const together = passed(maxOvertakings + 4).map((one) => ({
      ...one,
      asked: Math.min(one.asked, 1_400),
    }));
    expect(judgeOrder(together, [run], 1, none)).toMatchObject({
      served: maxOvertakings + 5,
      overtaken: 0,
    });
    const elsewhere = passed(maxOvertakings + 4).map((one) => ({ ...one, resource: "short-0" }));
    expect(judgeOrder(elsewhere, [run], 1, none).served).toBe(0);
  });
});

it("parses the process and the end of the lease from the names of keys", () => {
  expect(sightingOf("faults-1:held-client-3.12-4000-4567", 2, 9)).toEqual({
    ...{ kind: "held", key: "held-client-3.12-4000-4567", id: "client-3.12", server: 2 },
    ...{ asked: 4_000, end: 4_567, last: 9 },
  });
  expect(sightingOf("faults-1:vote-client-0.1-5", 0, 9)).toMatchObject({ kind: "vote", asked: 5 });
  expect(sightingOf("faults-1:own-client-0.1-5", 0, 9)).toBeNull();
});

it("counts keys that a process left, unless it was killed", () => {
  const run = { client: 0, works: [], from: 0, to: 10 };
  const runs = [
    { ...run, id: "client-0.1", killed: true },
    { ...run, id: "client-0.2", killed: false },
  ];
  const client = { name: "client-0", runs, stalledSpans: new Map(), absences: [] } as unknown as Client;
  const left = [
    "faults-1:held-client-0.1-99 on server 1",
    "faults-1:held-client-0.2-99 on server 1",
    "faults-1:long-3 on server 0",
  ];
  const { violations, leftAtTheEnd } = judge(
    { leases: [], notes: [] },
    { injected: [], stalls: [], problems: [] },
    [client],
    "in bounds",
    { ends: [], left },
  );
  expect(leftAtTheEnd).toEqual(left.slice(1));
  expect(violations).toEqual(left.slice(1).map((key) => `left at the end: ${key}`));
});
