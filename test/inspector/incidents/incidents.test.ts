import { describe, expect, test } from "vitest";
import type {
  Frame,
  LockView,
  NodeView,
  RoundView,
  Step,
  VoteView,
} from "../../../src/inspector/feed/frames.js";
import { IncidentAggregate } from "../../../src/inspector/incidents/incident-aggregate.js";
import { quorumRiskOf, riskSentence } from "../../../src/inspector/incidents/quorum-risk.js";
import { beat, lockView } from "../sample-frames.js";

/** 2026-01-02T19:48:00Z. */
const start = Date.UTC(2026, 0, 2, 19, 48);
const ports = [7711, 7712, 7713];
const addresses = ports.map((port) => `redis://127.0.0.1:${port}`);

const node = (name: string, changes: Partial<NodeView> = {}): NodeView => ({
  name,
  state: "ready",
  cause: null,
  until: null,
  p50: null,
  p99: null,
  step: null,
  ...changes,
});
const round = (
  asked: RoundView["asked"],
  time: number,
  votes: readonly Omit<VoteView, "node">[],
): RoundView => ({
  asked,
  time,
  votes: votes.map((vote, at) => ({ ...vote, node: addresses[at]! })),
});
const granted = { kind: "granted" } as const;
const gone = { kind: "denied", holder: null } as const;
const timeout = { kind: "failed", reason: "timeout", message: "no answer within 200 ms" } as const;

/** Frames of one process, at seconds after `start`. */
class Process {
  private seq = 0;
  constructor(
    readonly source: string,
    private readonly into: IncidentAggregate,
    private readonly nodes: readonly string[] = addresses,
    /** By how many seconds its clock is ahead. */
    private readonly ahead = 0,
  ) {
    this.beat(0);
  }

  beat(seconds: number, changes: Record<number, Partial<NodeView>> = {}): void {
    const nodes = this.nodes.map((name, at) => node(name, changes[at]));
    this.apply(beat(this.source, { ...this.head(seconds), owner: this.source, nodes }), seconds);
  }

  step(seconds: number, event: string, from: string, changes: Partial<LockView>): void {
    const time = start + seconds * 1_000;
    const lock = this.lock({ since: time, ...changes });
    const step: Step = { time, event, from, to: lock.state, lock };
    this.apply({ kind: "steps", ...this.head(seconds), steps: [step] }, seconds);
  }

  locks(seconds: number, changes: Partial<LockView>): void {
    this.apply({ kind: "locks", ...this.head(seconds), locks: [this.lock(changes)] }, seconds);
  }

  bye(seconds: number): void {
    this.apply({ kind: "bye", ...this.head(seconds) }, seconds);
  }

  private lock(changes: Partial<LockView>): LockView {
    const granted = start;
    return lockView(`${this.source}/1`, {
      source: this.source,
      resources: ["orders:11000"],
      granted,
      validUntil: start + 10_000,
      round: round("acquire", start, [granted_, granted_, granted_]),
      ...changes,
    });
  }

  private head(seconds: number) {
    this.seq += 1;
    return { source: this.source, seq: this.seq, time: start + (seconds + this.ahead) * 1_000 };
  }

  private apply(frame: Frame, seconds: number): void {
    this.into.apply(frame, start + seconds * 1_000);
  }
}
const granted_ = granted;

/** Silences left out: most processes here do not beat every second. */
const textsOf = (aggregate: IncidentAggregate) =>
  aggregate.incidents.all.flatMap(({ kind, text }) => (kind === "silent" ? [] : [text]));

describe("an incident is one sentence with the time, the owner and the cause", () => {
  test("a lease whose keys are gone, with the votes of that round and of the last good one", () => {
    const aggregate = new IncidentAggregate();
    const api = new Process("api-1", aggregate);
    api.step(0, "GRANTED", "acquiring.asking", {});
    const good = round("renew", start + 4_000, [granted, granted, granted]);
    api.step(4, "RENEWED", "renewing.asking", { renewals: 1, round: good });
    const bad = round("renew", start + 8_000, [gone, gone, granted]);
    const lost = { state: "expired", reason: "missing", renewals: 1, validUntil: null, round: bad };
    api.step(8, "LOST", "renewing.asking", lost);
    // The state is reported again.
    api.locks(9, lost);
    expect(textsOf(aggregate)).toHaveLength(1);
    expect(aggregate.incidents.all.find(({ kind }) => kind === "lost")).toMatchObject({
      kind: "lost",
      time: start + 8_000,
      lock: "api-1/1",
      owner: "api-1",
      text:
        "orders:11000 lost at 19:48:08 UTC by api-1: its key was gone on 7711 and 7712 " +
        "(deleted, evicted or restarted); held for 8 s",
      round: bad,
      lastGood: good,
    });
  });

  test.each([
    [
      {
        reason: "taken",
        round: round("renew", start, [
          { kind: "denied", holder: { owner: "api-2", tokenHash: "1f", ttlLeft: 9 } },
          gone,
          granted,
        ]),
      },
      "its key was held by api-2 on 7711; held for 8 s",
    ],
    [
      { reason: "deadline", round: round("renew", start, [granted, timeout, timeout]) },
      "its validity ran out before a renewal succeeded (7712 and 7713 gave no answer in time); held for 8 s",
    ],
    [{ reason: "maxHold" }, "it was held for the longest time allowed (maxHold); held for 8 s"],
    [{ reason: null, granted: null }, "its process did not say why"],
  ])("the cause of a loss: %o", (changes, cause) => {
    const aggregate = new IncidentAggregate();
    const api = new Process("api-1", aggregate);
    api.step(8, "EXPIRED", "held", { state: "expired", validUntil: null, ...changes });
    expect(textsOf(aggregate)).toEqual([`orders:11000 lost at 19:48:08 UTC by api-1: ${cause}`]);
  });

  test("a quorum that is lost and found, once for each time", () => {
    const aggregate = new IncidentAggregate();
    const api = new Process("api-1", aggregate);
    const bad = (seconds: number) => round("renew", start + seconds * 1_000, [granted, timeout, timeout]);
    const retrying = (seconds: number) => ({
      state: "renewing.retrying",
      reason: "noQuorum",
      round: bad(seconds),
    });
    api.step(0, "GRANTED", "acquiring.asking", {});
    api.step(3, "NO_QUORUM", "renewing.asking", retrying(3));
    api.step(3.1, "RENEW", "renewing.retrying", {
      state: "renewing.asking",
      reason: "noQuorum",
      round: bad(3),
    });
    api.step(4, "NO_QUORUM", "renewing.asking", retrying(4));
    api.step(5, "RENEWED", "renewing.asking", { renewals: 1, validUntil: start + 15_000 });
    api.step(6, "NO_QUORUM", "renewing.asking", { ...retrying(6), renewals: 1, validUntil: start + 15_000 });
    const sentence = (since: string, until: string) =>
      `orders:11000 at risk since ${since} UTC: api-1 found no quorum to renew it, ` +
      `7712 and 7713 gave no answer in time; its lease runs out at ${until} UTC unless a renewal succeeds`;
    expect(textsOf(aggregate)).toEqual([sentence("19:48:03", "19:48:10"), sentence("19:48:06", "19:48:15")]);
  });

  test("a node that is down, quarantined and back, once for all processes", () => {
    const aggregate = new IncidentAggregate();
    const processes = ["api-1", "api-2"].map((source) => new Process(source, aggregate));
    const step = { time: start + 3_500, event: "DISCONNECTED", from: "ready", to: "down" };
    for (const process of processes) process.beat(4, { 2: { state: "down", cause: "ECONNREFUSED", step } });
    for (const process of processes)
      process.beat(9, { 2: { state: "quarantined", cause: "it was restarted", until: start + 39_000 } });
    for (const process of processes) process.beat(39);
    expect(textsOf(aggregate)).toEqual([
      "7713 down since 19:48:03 UTC, says api-1: ECONNREFUSED",
      "7713 quarantined since 19:48:09 UTC, says api-1: it was restarted; votes again in 30 s",
      "7713 back at 19:48:39 UTC after 35.5 s, says api-2",
    ]);
  });

  test("a silent process, by the observer's clock, once for each silence", () => {
    const aggregate = new IncidentAggregate();
    const api = new Process("api-1", aggregate);
    for (const seconds of [3, 5, 6, 7]) aggregate.checkSilence(start + seconds * 1_000);
    api.beat(8);
    aggregate.checkSilence(start + 20_000);
    api.bye(21);
    aggregate.checkSilence(start + 40_000);
    expect(aggregate.incidents.all.map(({ kind, time }) => [kind, (time - start) / 1_000])).toEqual([
      ["silent", 0],
      ["silent", 8],
    ]);
    expect(aggregate.incidents.all[0]?.text).toMatch(
      /^api-1 \(process 1\) silent since 19:48:00 UTC: nothing was heard of it for 4 s; /,
    );
  });

  test("processes with different nodes", () => {
    const aggregate = new IncidentAggregate();
    new Process("api-1", aggregate);
    new Process("api-2", aggregate, [...addresses.slice(0, 2), "redis://127.0.0.1:7714"]);
    // Nodes of its own are no mistake.
    new Process("other", aggregate, ["redis://10.0.0.1:1"]);
    expect(textsOf(aggregate)).toEqual([
      "api-2 uses other nodes than api-1 since 19:48:00 UTC: only api-2 uses 7714, only api-1 uses 7713; " +
        "a lock is exclusive only among processes with the same nodes",
    ]);
  });
});

describe("two leases of one resource", () => {
  const second = { granted: start + 2_000, acquisition: "b-1", validUntil: start + 12_000 };

  test("are an overlap if the first holder still says so afterwards", () => {
    const aggregate = new IncidentAggregate();
    const [one, two] = ["api-1", "api-2"].map((source) => new Process(source, aggregate)) as [
      Process,
      Process,
    ];
    one.step(0, "GRANTED", "acquiring.asking", {});
    two.step(2, "GRANTED", "acquiring.asking", second);
    one.beat(3);
    expect(textsOf(aggregate)).toEqual([]);
    one.beat(4);
    // What it sent together with that beat may still be on its way.
    expect(textsOf(aggregate)).toEqual([]);
    one.beat(5);
    one.beat(6);
    expect(textsOf(aggregate)).toEqual([
      "orders:11000 held twice since 19:48:02 UTC: granted to api-2 while api-1 held it (since 19:48:00 UTC), " +
        "by their own clocks and words",
    ]);
  });

  test.each<[string, Partial<LockView>]>([
    ["shared", { mode: "shared" }],
    ["permits of a semaphore", { permits: 3 }],
  ])("are no overlap if they are %s", (_name, changes) => {
    const aggregate = new IncidentAggregate();
    const [one, two] = ["api-1", "api-2"].map((source) => new Process(source, aggregate)) as [
      Process,
      Process,
    ];
    one.step(0, "GRANTED", "acquiring.asking", changes);
    two.step(2, "GRANTED", "acquiring.asking", { ...second, ...changes });
    for (const seconds of [5, 6]) one.beat(seconds);
    expect(textsOf(aggregate)).toEqual([]);
  });

  test("are an overlap if one of them is shared and the other one is not", () => {
    const aggregate = new IncidentAggregate();
    const [one, two] = ["api-1", "api-2"].map((source) => new Process(source, aggregate)) as [
      Process,
      Process,
    ];
    one.step(0, "GRANTED", "acquiring.asking", { mode: "shared" });
    two.step(2, "GRANTED", "acquiring.asking", second);
    for (const seconds of [5, 6]) one.beat(seconds);
    expect(textsOf(aggregate)).toEqual([
      expect.stringMatching(/^orders:11000 held twice since 19:48:02 UTC: /),
    ]);
    const overlap = aggregate.incidents.all.find(({ kind }) => kind === "overlap");
    expect(overlap?.resources).toEqual(["orders:11000"]);
  });

  test("are none if the release of the first arrives late, if it had expired, or its process ends", () => {
    const aggregate = new IncidentAggregate();
    const [one, two] = ["api-1", "api-2"].map((source) => new Process(source, aggregate)) as [
      Process,
      Process,
    ];
    one.step(0, "GRANTED", "acquiring.asking", {});
    two.step(2, "GRANTED", "acquiring.asking", second);
    // The beat overtakes the release that was sent together with it.
    one.beat(4);
    one.step(1.9, "RELEASED", "releasing", { state: "idle", validUntil: null });
    for (const seconds of [5, 6]) one.beat(seconds);
    one.step(6, "GRANTED", "acquiring.asking", {
      acquisition: "a-2",
      granted: start + 1_000,
      validUntil: start + 1_500,
    });
    for (const seconds of [8, 9]) one.beat(seconds);
    one.step(9, "GRANTED", "acquiring.asking", {
      ...second,
      granted: start + 9_000,
      validUntil: start + 60_000,
    });
    two.bye(10);
    one.beat(20);
    expect(textsOf(aggregate)).toEqual([]);
  });

  test("are none if clocks that differ make the second grant look like the first one", () => {
    const aggregate = new IncidentAggregate();
    const one = new Process("api-1", aggregate);
    // Its clock is 3 s behind.
    const two = new Process("api-2", aggregate, addresses, -3);
    one.step(0, "GRANTED", "acquiring.asking", {});
    two.step(2, "GRANTED", "acquiring.asking", {
      ...second,
      granted: start - 1_000,
      validUntil: start + 9_000,
    });
    for (const seconds of [3, 4, 5]) two.beat(seconds);
    one.step(6, "RELEASED", "releasing", { state: "idle", validUntil: null });
    for (const seconds of [6, 7]) one.beat(seconds);
    expect(textsOf(aggregate)).toEqual([]);
  });
});

test("the log has the latest incidents within its bounds, and a copy is independent", () => {
  const aggregate = new IncidentAggregate({ incidents: 10 });
  const api = new Process("api-1", aggregate);
  const lose = (at: number) => {
    api.beat(at);
    api.step(at, "LOST", "renewing.asking", { state: "expired", acquisition: `a-${at}`, validUntil: null });
  };
  for (let at = 0; at < 25; at++) lose(at);
  const copy = aggregate.copy();
  lose(25);
  const times = (of: IncidentAggregate) => of.incidents.all.map(({ time }) => (time - start) / 1_000);
  expect(times(aggregate)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  expect(times(copy)).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
  expect([aggregate.incidents.added, copy.incidents.added]).toEqual([26, 25]);
});

test("text of hostile length is clipped, and the log is bounded in characters", () => {
  const aggregate = new IncidentAggregate({ incidentSize: 20_000 });
  const api = new Process("o".repeat(200), aggregate);
  const long = "x".repeat(1_000);
  for (let at = 0; at < 100; at++) {
    const votes = Array.from({ length: 100 }, () => ({
      node: "n",
      kind: "failed" as const,
      reason: long,
      message: long,
    }));
    const changes = { resources: [long], reason: "deadline", acquisition: `a-${at}`, validUntil: null };
    const round: RoundView = { asked: "renew", time: start, votes: at % 2 === 0 ? votes.slice(0, 3) : [] };
    api.step(at, "EXPIRED", "held", { ...changes, state: "expired", round });
  }
  for (const { text } of aggregate.incidents.all) expect(text.length).toBeLessThanOrEqual(1_000);
  expect(JSON.stringify(aggregate.incidents.all).length).toBeLessThan(30_000);
  expect(aggregate.incidents.all.length).toBeGreaterThan(3);
});

describe("the quorum at risk", () => {
  const down = (at: number): Partial<NodeView> => ({
    state: "down",
    step: { time: start + at * 1_000, event: "DISCONNECTED", from: "ready", to: "down" },
  });
  const sentenceAt = (aggregate: IncidentAggregate, seconds: number) => {
    const risk = quorumRiskOf(aggregate, start + seconds * 1_000);
    return risk === null ? null : riskSentence(risk, addresses);
  };

  test("tells nodes that are quarantined from those that are down, and no time that nobody has seen", () => {
    const aggregate = new IncidentAggregate();
    const one = new Process("api-1", aggregate);
    const away = { state: "quarantined", step: null } as const;
    one.beat(1, { 0: away, 1: away });
    expect(sentenceAt(aggregate, 2)).toBe(
      "No quorum: 7711 and 7712 quarantined; no lease is left to run out",
    );
    one.beat(3, { 0: away, 1: down(2) });
    expect(sentenceAt(aggregate, 4)).toBe(
      "No quorum: 7711 and 7712 down or quarantined since 19:48:02 UTC; no lease is left to run out",
    );
  });

  test("names the processes if others reach a quorum", () => {
    const aggregate = new IncidentAggregate();
    const all = ["api-1", "api-2", "api-3"].map((source) => new Process(source, aggregate));
    const lost = { 0: down(2), 1: down(2), 2: down(2) };
    all[0]?.beat(3, lost);
    for (const process of all.slice(1)) process.beat(3);
    expect(sentenceAt(aggregate, 3)).toBe(
      "api-1 reaches no quorum: 7711, 7712 and 7713 down since 19:48:02 UTC; no lease is left to run out",
    );
    all[1]?.beat(4, lost);
    expect(sentenceAt(aggregate, 4)).toMatch(/^api-1 and api-2 reach no quorum: /);
    // The third one is silent: what it said last proves no quorum.
    for (const process of all.slice(0, 2)) process.beat(8, lost);
    expect(sentenceAt(aggregate, 8)).toMatch(/^No quorum: 7711, 7712 and 7713 down /);
  });

  test("names the nodes, since when, and how long the leases are valid", () => {
    const aggregate = new IncidentAggregate();
    const [one, two] = ["api-1", "api-2"].map((source) => new Process(source, aggregate)) as [
      Process,
      Process,
    ];
    one.step(0, "GRANTED", "acquiring.asking", {});
    two.step(0, "GRANTED", "acquiring.asking", { validUntil: start + 9_000 });
    for (const process of [one, two]) process.beat(2, { 1: down(2) });
    expect(sentenceAt(aggregate, 2)).toBeNull();
    for (const process of [one, two]) process.beat(6, { 1: down(2), 2: down(5) });
    expect(sentenceAt(aggregate, 6)).toBe(
      "No quorum: 7712 and 7713 down since 19:48:05 UTC; 2 leases run out within 4 s",
    );
    expect(sentenceAt(aggregate, 9.5)).toMatch(/; 1 lease runs out within 1 s$/);
    expect(sentenceAt(aggregate, 12)).toMatch(/; no lease is left to run out$/);
    for (const process of [one, two]) process.beat(13, { 1: down(2) });
    expect(sentenceAt(aggregate, 13)).toBeNull();
  });
});
