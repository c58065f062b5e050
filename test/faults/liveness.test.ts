import { describe, expect, it } from "vitest";
import { bounds, judgeLiveness, type LivenessFacts } from "./check-liveness.js";
import { judgeOrder, mostOvertaken, mostOvertakings } from "./check-order.js";
import type { Client } from "./client.js";
import { Disturbances, findGaps, type Life } from "./disturbances.js";
import type { Injected } from "./inject.js";
import type { WitnessedLease, WitnessedNote } from "./record.js";
import { type Sighting, sightingOf } from "./scanner.js";
import { judge } from "./verdict.js";

const minute = 60_000;
const life: Life = { id: "client-0.1", client: 0, works: ["vote"], from: 0, to: minute };
const doing = (...works: Life["works"]): readonly Life[] => [{ ...life, works: ["vote", ...works] }];
const every = (ms: number, from = 0, to = minute) =>
  Array.from({ length: Math.floor((to - from) / ms) }, (_, index) => from + (index + 1) * ms);

const hurtServer: Injected = { kind: "CLIENT KILL", scope: "server", target: 0, from: 20_000, to: 22_000 };
const hurtClient: Injected = {
  ...{ kind: "a client parted from most servers", scope: "client", target: 0 },
  ...{ from: 20_000, to: 22_000 },
};

describe("the search for gaps", () => {
  const watched = { from: 0, to: 1_000, signs: every(100, 0, 1_000), disturbed: [], stalls: [], bound: 100 };

  it("finds where nothing happened for too long: at the beginning, in between, and to the end", () => {
    const signs = [300, 400, 500, 700, 800];
    expect(findGaps(watched).gaps).toEqual([]);
    expect(findGaps({ ...watched, signs }).gaps).toEqual([
      { from: 0, to: 300, ms: 300 },
      { from: 500, to: 700, ms: 200 },
      { from: 800, to: 1_000, ms: 200 },
    ]);
    expect(findGaps({ ...watched, signs }).longest).toBe(300);
  });

  it("begins anew after each disturbance, and says how long it then took", () => {
    const disturbed = [{ from: 150, to: 450 }];
    const signs = [100, 530, 600, 700, 800, 900, 1_000];
    expect(findGaps({ ...watched, signs, disturbed })).toEqual({ gaps: [], recoveries: [80], longest: 100 });
    const late = [100, 560, 600, 700, 800, 900, 1_000];
    expect(findGaps({ ...watched, signs: late, disturbed }).gaps).toEqual([{ from: 450, to: 560, ms: 110 }]);
    // What happens in the middle of it says nothing about afterwards.
    const within = [100, 440, 560, 600, 700, 800, 900, 1_000];
    expect(findGaps({ ...watched, signs: within, disturbed }).gaps).toHaveLength(1);
  });

  it("does not count the time in which nobody ran, and no other", () => {
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
      id: life.id,
      server,
      asked: time,
      end: time,
      last: time,
    }));
  const note = (given: Partial<WitnessedNote>): WitnessedNote => ({ client: life.id, ...given });
  const judged = (given: Partial<LivenessFacts> & { injected?: Injected[]; notes?: WitnessedNote[] }) => {
    const { injected = [], notes = [], ...facts } = given;
    return judgeLiveness({
      ...{ sightings: votes(0, every(500)), servers: 1, lives: [life], inBounds: true },
      witnessed: { leases: [], notes },
      disturbances: new Disturbances(injected, [], notes),
      ...facts,
    });
  };

  it("finds a server whose vote a process does not get any more", () => {
    const sightings = votes(0, every(500, 0, 30_000));
    expect(judged({}).faults).toEqual([]);
    expect(judged({ sightings }).faults).toEqual([
      "client-0.1 had no vote of server 0 for 30000 ms from 30000 on",
    ]);
    const other = votes(1, every(500));
    expect(judged({ sightings: [...sightings, ...other], servers: 2 }).faults).toHaveLength(1);
  });

  it("gives a server its time after a fault, and measures it", () => {
    const back = (ms: number) => [...every(500, 0, 20_000), ...every(500, 22_000 + ms, minute)];
    const { faults, recoveries } = judged({
      injected: [hurtServer],
      sightings: votes(0, back(bounds.vote - 500)),
    });
    expect({ faults, recoveries }).toEqual({ faults: [], recoveries: [bounds.vote] });
    const late = judged({ injected: [hurtServer], sightings: votes(0, back(bounds.vote)) });
    expect(late.faults).toHaveLength(1);
  });

  it("waits for a server that abstains, and for no other", () => {
    const gone = [...every(500, 0, 20_000), ...every(500, 22_000 + bounds.vote + 500, minute)];
    const forgot: Injected = { ...hurtServer, kind: "FLUSHALL" };
    expect(judged({ injected: [forgot], sightings: votes(0, gone) }).faults).toEqual([]);
    expect(judged({ injected: [hurtServer], sightings: votes(0, gone) }).faults).toHaveLength(1);
  });

  it("finds a process that gets nothing, though it is free; no new fence; no turn", () => {
    const lease = { client: life.id, resource: "line-0" } as WitnessedLease;
    const leases = every(500).map((start) => ({ ...lease, start }));
    const busy = note({ probes: every(500).flatMap((at) => [at - 10, at]), fresh: every(300) });
    const lives = doing("probe", "fresh", "line");
    const all = { lives, witnessed: { leases, notes: [busy] }, notes: [busy] };
    expect(judged(all).faults).toEqual([]);
    const probes = every(500, 0, 30_000).flatMap((at) => [at - 10, at]);
    const stuck = note({ probes, fresh: every(300, 0, 40_000) });
    const found = judged({
      lives,
      witnessed: { leases: leases.filter(({ start }) => start < 45_000), notes: [stuck] },
      notes: [stuck],
    }).faults;
    expect(found).toEqual([
      "client-0.1 had nothing that was free for 30000 ms from 30000 on",
      "client-0.1 had no fence of a new resource for 20100 ms from 39900 on",
      "client-0.1 had no turn in line for 15500 ms from 44500 on",
    ]);
    // One that was stuck from the beginning.
    expect(judged({ lives }).faults).toHaveLength(4);
  });

  it("finds a process that has now and then a fence, but few", () => {
    const slow = note({ fresh: every(5_000) });
    const facts = { witnessed: { leases: [], notes: [slow] }, notes: [slow] };
    expect(judged({ ...facts, lives: doing("fresh") }).faults).toEqual([
      "client-0.1 had 12 fences of new resources in 60000 ms",
    ]);
  });

  it("finds a key that outlived its lease, unless the process or the server was hurt meanwhile", () => {
    const left = (last: number): Sighting => ({
      ...{ kind: "held", key: "held-client-0.1-18500-19000", id: life.id, server: 0 },
      ...{ asked: 18_500, end: 19_000, last },
    });
    const faultsOf = (last: number, injected: Injected[] = []) =>
      judged({ sightings: [...votes(0, every(500)), left(last)], injected });
    expect(faultsOf(18_000)).toMatchObject({ left: 0, faults: [] });
    expect(faultsOf(19_000 + bounds.gone)).toMatchObject({ left: 1, longestLeft: bounds.gone, faults: [] });
    const found = "held-client-0.1-18500-19000 was still on server 0 3600 ms after its end";
    expect(faultsOf(22_600).faults).toEqual([found]);
    for (const hurt of [hurtServer, hurtClient]) {
      expect(faultsOf(22_600, [hurt]).faults).toEqual([]);
      expect(faultsOf(22_100 + bounds.gone, [hurt]).faults).toHaveLength(1);
    }
    const restored: Injected = { ...hurtServer, kind: "SIGKILL, restart from an old snapshot" };
    expect(faultsOf(30_000, [restored]).faults).toEqual([]);
  });

  it("does not blame a process for what it left when it was killed", () => {
    const key = {
      kind: "held",
      key: "k",
      id: life.id,
      server: 0,
      asked: 18_000,
      end: 19_000,
      last: 30_000,
    } as const;
    const short = { ...life, to: 20_000 };
    expect(judged({ lives: [short], sightings: [...votes(0, every(500)), key] }).faults).toEqual([]);
    // While it lived it was to blame.
    const longer = { ...life, to: 25_000 };
    expect(judged({ lives: [longer], sightings: [...votes(0, every(500)), key] }).faults).toHaveLength(1);
  });

  it("finds a lease of a long ttl that was lost, though there was time to renew it", () => {
    const lost = [note({ lost: [{ since: 30_000, at: 40_000, why: "no quorum" }] })];
    const faultsOf = (injected: Injected[]) =>
      judged({ witnessed: { leases: [], notes: lost }, notes: lost, injected }).faults;
    expect(faultsOf([])).toEqual([
      "client-0.1 lost a lease of 10000 ms at 40000, though it had time to renew it: no quorum",
    ]);
    expect(faultsOf([hurtClient])).toHaveLength(1);
    expect(faultsOf([{ ...hurtClient, from: 34_000, to: 37_000 }])).toEqual([]);
    // Two of its three servers, one after the other; and at a time that no longer matters.
    const forgot = (server: number, at: number): Injected => ({
      ...{ kind: "FLUSHALL", scope: "server", target: server, from: at, to: at },
    });
    const among = (...injected: Injected[]) =>
      judged({
        ...{ witnessed: { leases: [], notes: lost }, notes: lost, injected, servers: 3 },
        sightings: [0, 1, 2].flatMap((server) => votes(server, every(500))),
      }).faults;
    expect(among(forgot(0, 35_000), forgot(1, 38_000))).toEqual([]);
    expect(among(forgot(0, 30_000), forgot(1, 38_000))).toHaveLength(1);
  });

  it("asks for no majority beyond the assumptions, but for each server's vote", () => {
    const stuck = [note({ probes: [1, 2] })];
    const lives = doing("probe");
    const facts = { lives, witnessed: { leases: [], notes: stuck }, notes: stuck, inBounds: false };
    expect(judged(facts).faults).toEqual([]);
    expect(judged({ ...facts, sightings: [] }).faults).toHaveLength(1);
  });
});

describe("the check of the order", () => {
  const none = new Disturbances([], [], []);
  const lease = (asked: number, start: number, id = `at ${asked}`) =>
    ({ id, client: life.id, resource: "line-0", asked, start }) as WitnessedLease;
  /** One that came at 1,000, and was served after so many who came a second later. */
  const passed = (times: number) => [
    ...Array.from({ length: times }, (_, index) => lease(2_000 + index, 2_100 + index)),
    lease(1_000, 3_000, "first"),
  ];

  it("counts those who were served after others who had come later, and finds those who were so too often", () => {
    expect(judgeOrder(passed(mostOvertakings), [life], 1, none)).toEqual({
      ...{ served: mostOvertakings + 1, overtaken: 1, most: mostOvertakings, faults: [] },
    });
    expect(judgeOrder(passed(mostOvertakings + 1), [life], 1, none).faults).toEqual([
      `first waited for line-0 while ${mostOvertakings + 1} who had come later were served`,
    ]);
  });

  it("finds an order that is none, though nobody is passed over often", () => {
    const pairs = (wrong: number) =>
      Array.from({ length: 100 }, (_, index) => {
        const at = index * 10_000;
        const one = lease(at, at + 2_000);
        return index < wrong ? [one, lease(at + 1_000, at + 1_500)] : [one];
      }).flat();
    const limit = Math.floor((mostOvertaken * 100) / (1 - mostOvertaken));
    expect(judgeOrder(pairs(limit), [life], 1, none).faults).toEqual([]);
    expect(judgeOrder(pairs(limit + 1), [life], 1, none).faults).toEqual([
      `${limit + 1} of ${101 + limit} that waited in line were served after one who had come later`,
    ]);
  });

  it("asks for no order where something was wrong, nor of those who came together", () => {
    for (const hurt of [hurtServer, hurtClient]) {
      const at = { ...hurt, from: 2_500, to: 2_600 };
      expect(
        judgeOrder(passed(mostOvertakings + 4), [life], 1, new Disturbances([at], [], [])).faults,
      ).toEqual([]);
    }
    const together = passed(mostOvertakings + 4).map((one) => ({
      ...one,
      asked: Math.min(one.asked, 1_400),
    }));
    expect(judgeOrder(together, [life], 1, none)).toMatchObject({
      served: mostOvertakings + 5,
      overtaken: 0,
    });
    const elsewhere = passed(mostOvertakings + 4).map((one) => ({ ...one, resource: "short-0" }));
    expect(judgeOrder(elsewhere, [life], 1, none).served).toBe(0);
  });
});

it("the names of keys say whose they are, and until when", () => {
  expect(sightingOf("faults-1:held-client-3.12-4000-4567", 2, 9)).toEqual({
    ...{ kind: "held", key: "held-client-3.12-4000-4567", id: "client-3.12", server: 2 },
    ...{ asked: 4_000, end: 4_567, last: 9 },
  });
  expect(sightingOf("faults-1:vote-client-0.1-5", 0, 9)).toMatchObject({ kind: "vote", asked: 5 });
  expect(sightingOf("faults-1:own-client-0.1-5", 0, 9)).toBeNull();
});

it("what a process leaves counts, unless it was killed", () => {
  const life = { client: 0, works: [], from: 0, to: 10 };
  const lives = [
    { ...life, id: "client-0.1", killed: true },
    { ...life, id: "client-0.2", killed: false },
  ];
  const client = { name: "client-0", lives, stills: new Map(), absences: [] } as unknown as Client;
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
