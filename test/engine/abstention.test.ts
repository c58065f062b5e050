import { describe, expect, it } from "vitest";
import {
  neededAge,
  type Plan,
  planFor,
  type QuarantineTerms,
  type QuorumView,
} from "../../src/engine/node/abstention.js";
import type { AbstentionTerm, Identification, Memory } from "../../src/engine/protocol/memory.js";

const terms: QuarantineTerms = { rule: "auto", driftFactor: 0.01, nodeTimeout: 100, ttl: 10_000 };
const now = 1_000_000;
const day = 86_400_000;
/** The settling time of four node timeouts, and the drift over it. */
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

const met = (memory: Memory | null): Identification => ({ runId: "life", id: "id", memory });

function view(memories: readonly (Memory | null)[], change: Partial<QuorumView> = {}): QuorumView {
  return {
    names: memories.map((_, index) => `node-${index}`),
    identifications: memories.map((memory) => (memory === null ? null : met(memory))),
    previous: null,
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
  it("abstains for the longest short ttl, and the drift", () => {
    expect(endOf(plan([lost, kept(), kept({ longest: 2_000 })]))).toEqual({
      until: 2_022,
      least: 2_022,
      settles: settling,
      settled: false,
    });
  });

  it("abstains at least until all rounds are decided that may be under way", () => {
    expect(endOf(plan([lost, kept({ longest: 5 }), kept({ longest: 3 })]))).toMatchObject({
      until: settling,
      least: settling,
    });
  });

  it("abstains until the long leases of the others are over, and says that it may be less", () => {
    const planned = plan([lost, kept(), kept({ longLeft: 100_000 })]);
    expect(endOf(planned)).toMatchObject({ until: 101_002, least: 1_012 });
    expect(planned).toMatchObject({ cause: expect.stringContaining("leases longer than 1 min") });
  });

  it("takes what is usual for what nobody can tell", () => {
    expect(endOf(plan([lost, lost, kept()]))).toMatchObject({ until: 10_102, least: 10_102 });
    expect(endOf(plan([lost, lost, kept({ longest: 20_000 })]))).toMatchObject({ least: 20_202 });
  });

  it("counts the time that the look took: the others' answers may be so much older", () => {
    expect(endOf(plan([lost, kept(), kept({ longLeft: 100_000 })], { took: 98 }))).toMatchObject({
      until: 101_101,
    });
  });

  it("needs the word of one that abstains only where too few vote, and then waits for it", () => {
    const other = abstaining({ until: now + 9_000, least: now + 3_000 });
    expect(endOf(plan([lost, other, kept(), kept(), kept()]))).toMatchObject({ until: 1_012, least: 1_012 });
    expect(endOf(plan([lost, other, kept()]))).toMatchObject({ until: 9_092, least: 3_032 });
  });

  it("is looked at again where that look left out leases that began lately", () => {
    expect(plan([lost, kept(), kept()], { minAge: 1 })).toEqual({ kind: "retry" });
  });
});

describe("a cold start", () => {
  const cold = view([lost, { ...lost, marker: "? other" }, lost]);

  it("is looked at twice, and then all vote", () => {
    expect(planFor(0, cold, terms)).toEqual({ kind: "retry" });
    expect(planFor(0, again(cold), terms)).toMatchObject(votes);
  });

  it("is looked at once more where one of them was given a memory, and lost that, in between", () => {
    const before = view([lost, lost, { ...lost, marker: "? earlier" }]).identifications;
    expect(planFor(0, { ...cold, previous: before }, terms)).toEqual({ kind: "retry" });
  });

  it("is none where somebody did not answer the first time", () => {
    const before = [met(lost), met(lost), null];
    expect(planFor(0, { ...cold, previous: before }, terms)).toEqual({ kind: "retry" });
  });

  it("is none where somebody never answers", () => {
    const silent = view([lost, lost, null]);
    expect(planFor(0, again(silent), terms)).toMatchObject({ kind: "wait", ms: null });
  });

  it("is none where one remembers, though nothing was asked of it: a first round may be under way", () => {
    const mixed = again(view([lost, lost, kept({ longest: 0 })]));
    expect(planFor(0, { ...mixed, repeats: 3 }, terms)).toEqual({ kind: "retry" });
    expect(endOf(planFor(0, mixed, terms))).toMatchObject({ until: settling });
  });
});

describe("the second look", () => {
  const settled = { settles: now - 5, settled: false };

  it("is not before the settling time is over", () => {
    const memory = abstaining({ settles: now + 10, settled: false });
    expect(plan([memory, kept({ longest: 9_000 }), kept()])).toMatchObject({ kind: "wait", ms: 5_000 });
  });

  it("begins only when it was seen that this time is over", () => {
    const memory = abstaining(settled);
    const at = view([memory, kept(), kept()]);
    expect(planFor(0, at, terms)).toEqual({ kind: "retry" });
    const early = { ...at, previous: view([{ ...memory, now: now - 6 }, kept(), kept()]).identifications };
    expect(planFor(0, early, terms)).toEqual({ kind: "retry" });
    expect(planFor(0, again(at), terms)).toMatchObject({ kind: "change" });
  });

  it("moves the end back where the others know of a longer short ttl by now", () => {
    const seen = again(view([abstaining(settled), kept({ longest: 8_000 }), kept()]));
    expect(endOf(planFor(0, seen, terms))).toEqual({
      until: 8_077,
      least: 8_077,
      settles: -5,
      settled: true,
    });
  });

  it("moves the end back where the others hold a long lease by now", () => {
    const seen = again(view([abstaining(settled), kept({ longLeft: day }), kept()]));
    expect(endOf(planFor(0, seen, terms))).toMatchObject({ until: day * 1.01 + 2, least: 1_000 });
  });

  it("never moves it forward", () => {
    const seen = again(view([abstaining(settled), kept(), kept()]));
    expect(endOf(planFor(0, seen, terms))).toMatchObject({ until: 5_000, least: 1_000 });
  });

  it("counts what another one abstains for, where its word is needed", () => {
    const other = abstaining({ until: now + 7_000, least: now + 7_000 });
    const seen = again(view([abstaining(settled), other, kept()]));
    expect(endOf(planFor(0, seen, terms))).toMatchObject({ until: 7_072, least: 7_072 });
  });

  it("forgets nothing of what was known before", () => {
    const seen = again(view([abstaining(settled, { longest: 3_000 }), kept(), kept()]));
    expect(planFor(0, seen, terms)).toMatchObject({ change: { longest: 3_000 } });
  });

  it("waits for those who can tell", () => {
    expect(planFor(0, again(view([abstaining(settled), kept(), null])), terms)).toMatchObject({
      kind: "wait",
      ms: 5_000,
    });
  });
});

describe("the end of a settled abstention", () => {
  const long = abstaining({ until: now + day });

  it("is moved forward when the long leases are over, but not before the short ones are", () => {
    expect(endOf(plan([long, kept(), kept()]))).toMatchObject({ until: 1_000, least: 1_000, settled: true });
    expect(endOf(plan([long, kept({ longLeft: 50_000 }), kept()]))).toMatchObject({ until: 50_502 });
  });

  it("is at once where all are over", () => {
    const over = abstaining({ until: now + day, least: now - 1 });
    expect(plan([over, kept(), kept()])).toMatchObject(votes);
  });

  it("is never moved back, neither for long leases nor for longer ttls", () => {
    const others = [kept({ longLeft: 3 * day, longest: 60_000 }), kept()];
    expect(plan([long, ...others])).toMatchObject({ kind: "wait", ms: day });
  });

  it("is not written anew for next to nothing", () => {
    expect(plan([long, kept({ longLeft: day * 0.99 - 500 }), kept()])).toMatchObject({ kind: "wait" });
  });

  it("stays where too few can tell that they are over", () => {
    expect(plan([long, kept(), null])).toMatchObject({ kind: "wait", ms: day });
    expect(plan([long, kept(), lost])).toMatchObject({ kind: "wait", ms: day });
  });

  it("leaves out only leases that began after all rounds were decided", () => {
    expect(neededAge(kept(), terms)).toBe(Number.POSITIVE_INFINITY);
    expect(neededAge(lost, terms)).toBe(0);
    expect(neededAge(abstaining({ settled: false }), terms)).toBe(0);
    // 10 s since it settled, less the drift, and as much again as a round may take.
    expect(neededAge(abstaining(), terms)).toBe(10_000 - 102 - 400);
    expect(plan([long, kept(), kept()], { minAge: 10_000 })).toEqual({ kind: "retry" });
  });
});

describe("a number as the rule", () => {
  it("is how long it abstains, whatever the others know", () => {
    expect(endOf(plan([lost, kept({ longLeft: day }), null], {}, 700))).toEqual({
      until: 700,
      least: 700,
      settles: 0,
      settled: true,
    });
  });

  it("ends what would last for longer, and 0 at once", () => {
    const long = abstaining({ until: now + day });
    expect(endOf(plan([long, kept(), kept()], {}, 700))).toMatchObject({ until: 700 });
    expect(plan([long, kept(), null], {}, 0)).toMatchObject(votes);
    expect(plan([abstaining({ until: now + 600 }), kept(), kept()], {}, 700)).toMatchObject({
      kind: "wait",
      ms: 600,
    });
  });
});
