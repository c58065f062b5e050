import { describe, expect, it } from "vitest";
import { neededAge, type Plan, planFor, type QuarantineTerms } from "../../src/engine/node/abstention.js";
import type { QuorumView } from "../../src/engine/node/quorum-view.js";
import { Membership } from "../../src/engine/protocol/membership.js";
import type { AbstentionTerm, Identification, Memory } from "../../src/engine/protocol/memory.js";

const terms: QuarantineTerms = { rule: "auto", driftFactor: 0.01, nodeTimeout: 100, ttl: 10_000 };
const now = 1_000_000;
const day = 86_400_000;
/** ms: the settling time of four node timeouts plus the clock drift over that time. */
const settling = 406;

const voting: Memory = {
  state: "kept",
  mark: "id.life",
  longest: 1_000,
  longLeft: 0,
  left: 0,
  abstention: null,
  now,
  watermark: 0,
  marker: "id.life 1000 -",
};
const lost: Memory = { ...voting, state: "lost", mark: "", longest: 0, marker: "? loss" };
const kept = (change: Partial<Memory> = {}): Memory => ({ ...voting, ...change });
const abstaining = (abstention: Partial<AbstentionTerm> = {}, change: Partial<Memory> = {}): Memory => {
  const term = {
    until: now + 5_000,
    least: now + 1_000,
    settles: now - 10_000,
    settled: true,
    ...abstention,
  };
  return {
    ...voting,
    state: "abstaining",
    marker: "= …",
    abstention: term,
    left: Math.max(0, term.until - now),
    ...change,
  };
};

const identified = (memory: Memory | null): Identification => ({ runId: "life", id: "id", memory });

function view(memories: readonly (Memory | null)[], change: Partial<QuorumView> = {}): QuorumView {
  return {
    membership: new Membership(memories.map((_, index) => `node-${index}`)),
    joining: [],
    identifications: memories.map((memory) => (memory === null ? null : identified(memory))),
    previous: null,
    hadMemory: memories.map(() => false),
    repeats: 4,
    minAge: 0,
    took: 0,
    ...change,
  };
}

const again = (seen: QuorumView): QuorumView => ({ ...seen, previous: seen.identifications });

const plan = (memories: readonly (Memory | null)[], change: Partial<QuorumView> = {}, rule = terms.rule) =>
  planFor(0, view(memories, change), { ...terms, rule });

/** The end that the plan gives the abstention, in ms from now. */
function endOf(planned: Plan | null) {
  const term = planned?.kind === "change" ? planned.change.abstention : null;
  if (term === null) throw new Error(`no abstention: ${JSON.stringify(planned)}`);
  return { ...term, until: term.until - now, least: term.least - now, settles: term.settles - now };
}

const votes = { kind: "change", change: { abstention: null } };

describe("a node that lost its memory", () => {
  it("abstains for the longest short TTL plus the clock drift", () => {
    expect(endOf(plan([lost, kept(), kept({ longest: 2_000 })]))).toEqual({
      until: 2_022,
      least: 2_022,
      settles: settling,
      settled: false,
    });
  });

  it("abstains at least until every round that may be in progress is decided", () => {
    expect(endOf(plan([lost, kept({ longest: 5 }), kept({ longest: 3 })]))).toMatchObject({
      until: settling,
      least: settling,
    });
  });

  it("abstains until the long leases of the other nodes are over, and reports that the time may be shorter", () => {
    const planned = plan([lost, kept(), kept({ longLeft: 100_000 })]);
    expect(endOf(planned)).toMatchObject({ until: 101_002, least: 1_012 });
    expect(planned).toMatchObject({ cause: expect.stringContaining("leases longer than 1 min") });
  });

  it("assumes the default TTL when too few nodes know the longest TTL", () => {
    expect(endOf(plan([lost, lost, kept()]))).toMatchObject({ until: 10_102, least: 10_102 });
    expect(endOf(plan([lost, lost, kept({ longest: 20_000 })]))).toMatchObject({ least: 20_202 });
  });

  it("adds the duration of the review, because the answers of the other nodes may be that old", () => {
    expect(endOf(plan([lost, kept(), kept({ longLeft: 100_000 })], { took: 98 }))).toMatchObject({
      until: 101_101,
    });
  });

  it("considers an abstaining node only when too few nodes vote, and then waits for that node's abstention", () => {
    const other = abstaining({ until: now + 9_000, least: now + 3_000 });
    expect(endOf(plan([lost, other, kept(), kept(), kept()]))).toMatchObject({ until: 1_012, least: 1_012 });
    expect(endOf(plan([lost, other, kept()]))).toMatchObject({ until: 9_092, least: 3_032 });
  });

  it("is reviewed again when the review left out recent leases", () => {
    expect(plan([lost, kept(), kept()], { minAge: 1 })).toEqual({ kind: "retry" });
  });
});

describe("a cold start", () => {
  const cold = view([lost, { ...lost, marker: "? other" }, lost]);

  it("is reviewed twice, and then all nodes vote", () => {
    expect(planFor(0, cold, terms)).toEqual({ kind: "retry" });
    expect(planFor(0, again(cold), terms)).toMatchObject(votes);
  });

  it("is reviewed again when a node received a memory and lost it between the reviews", () => {
    const before = view([lost, lost, { ...lost, marker: "? earlier" }]).identifications;
    expect(planFor(0, { ...cold, previous: before }, terms)).toEqual({ kind: "retry" });
  });

  it("is not assumed when a node did not answer the first review", () => {
    const before = [identified(lost), identified(lost), null];
    expect(planFor(0, { ...cold, previous: before }, terms)).toEqual({ kind: "retry" });
  });

  it("is not assumed while a node does not answer", () => {
    const silent = view([lost, lost, null]);
    expect(planFor(0, again(silent), terms)).toMatchObject({ kind: "wait", ms: null });
  });

  it("is not assumed when a node has a memory without any lease: a first round may be in progress", () => {
    const mixed = again(view([lost, lost, kept({ longest: 0 })]));
    expect(planFor(0, { ...mixed, repeats: 3 }, terms)).toEqual({ kind: "retry" });
    expect(endOf(planFor(0, mixed, terms))).toMatchObject({ until: settling });
  });
});

describe("the second review", () => {
  const settled = { settles: now - 5, settled: false };

  it("waits until the settling time is over", () => {
    const memory = abstaining({ settles: now + 10, settled: false });
    expect(plan([memory, kept({ longest: 9_000 }), kept()])).toMatchObject({ kind: "wait", ms: 5_000 });
  });

  it("is used only when the previous review already saw the settling time over", () => {
    const memory = abstaining(settled);
    const at = view([memory, kept(), kept()]);
    expect(planFor(0, at, terms)).toEqual({ kind: "retry" });
    const early = { ...at, previous: view([{ ...memory, now: now - 6 }, kept(), kept()]).identifications };
    expect(planFor(0, early, terms)).toEqual({ kind: "retry" });
    expect(planFor(0, again(at), terms)).toMatchObject({ kind: "change" });
  });

  it("postpones the end when another node now reports a longer short TTL", () => {
    const seen = again(view([abstaining(settled), kept({ longest: 8_000 }), kept()]));
    expect(endOf(planFor(0, seen, terms))).toEqual({
      until: 8_077,
      least: 8_077,
      settles: -5,
      settled: true,
    });
  });

  it("postpones the end when another node now holds a long lease", () => {
    const seen = again(view([abstaining(settled), kept({ longLeft: day }), kept()]));
    expect(endOf(planFor(0, seen, terms))).toMatchObject({ until: day * 1.01 + 2, least: 1_000 });
  });

  it("never moves the end to an earlier time", () => {
    const seen = again(view([abstaining(settled), kept(), kept()]));
    expect(endOf(planFor(0, seen, terms))).toMatchObject({ until: 5_000, least: 1_000 });
  });

  it("considers the abstention of another node when too few nodes vote", () => {
    const other = abstaining({ until: now + 7_000, least: now + 7_000 });
    const seen = again(view([abstaining(settled), other, kept()]));
    expect(endOf(planFor(0, seen, terms))).toMatchObject({ until: 7_072, least: 7_072 });
  });

  it("keeps the longest TTL that was known before", () => {
    const seen = again(view([abstaining(settled, { longest: 3_000 }), kept(), kept()]));
    expect(planFor(0, seen, terms)).toMatchObject({ change: { longest: 3_000 } });
  });

  it("waits until enough nodes answer", () => {
    expect(planFor(0, again(view([abstaining(settled), kept(), null])), terms)).toMatchObject({
      kind: "wait",
      ms: 5_000,
    });
  });
});

describe("the end of a settled abstention", () => {
  const long = abstaining({ until: now + day });

  it("moves to an earlier time when the long leases are over, but never before the short leases are over", () => {
    expect(endOf(plan([long, kept(), kept()]))).toMatchObject({ until: 1_000, least: 1_000, settled: true });
    expect(endOf(plan([long, kept({ longLeft: 50_000 }), kept()]))).toMatchObject({ until: 50_502 });
  });

  it("is immediate when all leases are over", () => {
    const over = abstaining({ until: now + day, least: now - 1 });
    expect(plan([over, kept(), kept()])).toMatchObject(votes);
  });

  it("is never postponed, neither for long leases nor for longer TTLs", () => {
    const others = [kept({ longLeft: 3 * day, longest: 60_000 }), kept()];
    expect(plan([long, ...others])).toMatchObject({ kind: "wait", ms: day });
  });

  it("is not rewritten for a negligible change", () => {
    expect(plan([long, kept({ longLeft: day * 0.99 - 500 }), kept()])).toMatchObject({ kind: "wait" });
  });

  it("stays when too few nodes can report that the leases are over", () => {
    expect(plan([long, kept(), null])).toMatchObject({ kind: "wait", ms: day });
    expect(plan([long, kept(), lost])).toMatchObject({ kind: "wait", ms: day });
  });

  it("ignores only leases that began after every earlier round was decided", () => {
    expect(neededAge(kept(), terms)).toBe(Number.POSITIVE_INFINITY);
    expect(neededAge(lost, terms)).toBe(0);
    expect(neededAge(abstaining({ settled: false }), terms)).toBe(0);
    // 10 s since the abstention settled, minus the drift and the longest duration of a round.
    expect(neededAge(abstaining(), terms)).toBe(10_000 - 102 - 400);
    expect(plan([long, kept(), kept()], { minAge: 10_000 })).toEqual({ kind: "retry" });
  });
});

describe("a number as the rule", () => {
  it("sets the duration of the abstention, whatever the other nodes report", () => {
    expect(endOf(plan([lost, kept({ longLeft: day }), null], {}, 700))).toEqual({
      until: 700,
      least: 700,
      settles: 0,
      settled: true,
    });
  });

  it("shortens a longer abstention, and the value 0 ends the abstention at once", () => {
    const long = abstaining({ until: now + day });
    expect(endOf(plan([long, kept(), kept()], {}, 700))).toMatchObject({ until: 700 });
    expect(plan([long, kept(), null], {}, 0)).toMatchObject(votes);
    expect(plan([abstaining({ until: now + 600 }), kept(), kept()], {}, 700)).toMatchObject({
      kind: "wait",
      ms: 600,
    });
  });
});

describe("two nodes, one of which was used alone", () => {
  const alone = kept({ mark: "single-id.life", marker: "single-id.life 1000 -" });

  it("vote after two reviews if the other one is new", () => {
    const pair = view([lost, alone]);
    expect(planFor(0, pair, terms)).toEqual({ kind: "retry" });
    expect(planFor(0, again(pair), terms)).toMatchObject(votes);
  });

  it("are no new pair if the other one had a memory before", () => {
    const pair = again(view([lost, alone], { hadMemory: [true, true] }));
    expect(endOf(planFor(0, pair, terms))).toMatchObject({ until: 1_012 });
  });
});
