import { describe, expect, it, vi } from "vitest";
import type { Election } from "../../src/index.js";
import { settle } from "../manager/test-nodes.js";
import { Candidates, ttl } from "./candidates.js";

/** Opens the election in three processes, in this order. */
async function three() {
  const candidates = new Candidates();
  const opened = [];
  for (const owner of ["a", "b", "c"]) {
    opened.push(candidates.open(owner));
    await candidates.pass(5);
  }
  await candidates.pass(500);
  const [a, b, c] = opened as [Election, Election, Election];
  return { candidates, a, b, c };
}

describe("an election", () => {
  it("has one leader, whom every candidate can name", async () => {
    const { candidates, a, b } = await three();
    expect(candidates.log).toEqual(["a elected 1"]);
    expect([a.state, b.state]).toEqual(["leading", "campaigning"]);
    expect([a.isLeader, b.isLeader]).toEqual([true, false]);
    expect([a.term?.number, b.term]).toEqual([1, null]);
    const until = expect.any(Number);
    expect(await candidates.run(a.leader())).toEqual({ owner: "a", until, isSelf: true });
    expect(await candidates.run(b.leader())).toEqual({ owner: "a", until, isSelf: false });
  });

  it("has one leader for as long as its lease is renewed", async () => {
    const { candidates, a } = await three();
    await candidates.pass(20 * ttl);
    expect(candidates.log).toEqual(["a elected 1"]);
    expect(a.term?.remaining()).toBeGreaterThan(0);
    expect(a.term?.signal.aborted).toBe(false);
  });

  it("goes to the next candidate when the leader closes, and to nobody after the last", async () => {
    const { candidates, a, b, c } = await three();
    await candidates.run(a.close());
    await candidates.pass(100);
    expect(a.state).toBe("closed");
    expect(b.isLeader).toBe(true);
    await candidates.run(b.close());
    await candidates.pass(100);
    await candidates.run(c.close());
    await candidates.pass(10 * ttl);
    expect(candidates.log).toEqual([
      "a elected 1",
      "a deposed 1 closed",
      "b elected 1",
      "b deposed 1 closed",
      "c elected 1",
      "c deposed 1 closed",
    ]);
    expect(await candidates.run(candidates.locks("observer").inspect("scheduler"))).toMatchObject({
      held: false,
    });
  });

  it("goes to the next candidate when the locks of the leader close, within a second", async () => {
    const { candidates, b } = await three();
    const closed = candidates.managers[0]?.close();
    await candidates.pass(100);
    expect(b.isLeader).toBe(true);
    await candidates.run(closed ?? Promise.reject());
  });

  it("puts a leader that resigns at the end of the line", async () => {
    const { candidates, a, b, c } = await three();
    for (const leader of [a, b, c, a]) {
      expect(leader.isLeader).toBe(true);
      await candidates.run(leader.resign());
      await candidates.pass(500);
    }
    expect(candidates.log.filter((line) => line.includes("elected"))).toEqual([
      "a elected 1",
      "b elected 1",
      "c elected 1",
      "a elected 2",
      "b elected 2",
    ]);
  });

  it("puts a leader that resigns behind candidates that are further from the nodes", async () => {
    const candidates = new Candidates();
    const a = candidates.open("a", {}, { nodes: candidates.at(1) });
    await candidates.pass(100);
    const b = candidates.open("b", {}, { nodes: candidates.at(20) });
    await candidates.pass(2 * ttl);
    await candidates.run(a.resign());
    await candidates.pass(500);
    expect([a.state, b.state]).toEqual(["campaigning", "leading"]);
    expect(candidates.log).toEqual(["a elected 1", "a deposed 1 resigned", "b elected 1"]);
  });

  it("is won again by a leader that resigns without another candidate", async () => {
    const candidates = new Candidates();
    const only = candidates.open("only");
    await settle();
    await candidates.run(only.resign());
    await candidates.pass(500);
    expect(only.isLeader).toBe(true);
    expect(candidates.log).toEqual(["only elected 1", "only deposed 1 resigned", "only elected 2"]);
  });

  it("deposes a leader whose lease is gone, and has another one", async () => {
    const { candidates, a, b, c } = await three();
    const term = a.term;
    // The nodes forget their queues as well, so that any candidate may be the next leader.
    candidates.deleteLease();
    await candidates.pass(5 * ttl);
    expect(candidates.log[1]).toMatch(/^a deposed 1 (deadline|missing|taken)$/);
    expect(candidates.log).toHaveLength(3);
    expect([a, b, c].filter(({ isLeader }) => isLeader)).toHaveLength(1);
    expect(term?.signal.reason).toMatchObject({ code: "TERM_ENDED", election: "scheduler", term: 1 });
    expect(() => term?.assertLeading()).toThrow(/^term 1 of the election "scheduler" is over: /);
  });

  it("deposes a leader without a quorum by the deadline, and has one again once the nodes are back", async () => {
    const { candidates, a } = await three();
    const { term } = a;
    let aborted = 0;
    term?.signal.addEventListener("abort", () => {
      aborted = candidates.testNodes.clock.wall();
    });
    for (const index of [0, 1]) candidates.testNodes.node(index).crash();
    await candidates.pass(10 * ttl);
    expect(aborted).toBe(term?.validUntil);
    expect(candidates.log).toEqual(["a elected 1", "a deposed 1 deadline"]);
    for (const index of [0, 1]) candidates.testNodes.node(index).reconnect();
    await candidates.pass(5 * ttl);
    expect(candidates.log).toHaveLength(3);
    expect(candidates.log[2]).toMatch(/^. elected \d$/);
  });

  it("has increasing fences, whoever leads", async () => {
    const candidates = new Candidates();
    const fences: number[] = [];
    const options = {
      fence: true,
      onElected: ({ fence }: { fence: number }) => void fences.push(fence),
    } as const;
    const locks = ["a", "b"].map((owner) => candidates.locks(owner));
    const [a, b] = locks.map((one) => one.election("scheduler", options));
    await candidates.pass(500);
    expect(a?.term?.fence).toBe(fences[0]);
    expect(await candidates.run(a?.leader() ?? Promise.reject())).toMatchObject({
      isSelf: true,
      fence: fences[0],
    });
    for (const leader of [a, b, a]) {
      await candidates.run(leader?.resign() ?? Promise.reject());
      await candidates.pass(500);
    }
    expect(fences).toHaveLength(4);
    expect([...fences].sort((one, other) => one - other)).toEqual(fences);
    expect(new Set(fences).size).toBe(4);
  });

  it("is reported by events, each after the state that it implies", async () => {
    const candidates = new Candidates();
    const election = candidates.open("a");
    const seen: unknown[] = [];
    for (const name of ["campaigning", "elected", "deposed"] as const)
      election.on(name, (event: object) => seen.push([name, election.state, { ...event }]));
    await candidates.pass(500);
    await candidates.run(election.close());
    const common = { election: "scheduler", time: expect.any(Number) };
    expect(seen).toEqual([
      ["elected", "leading", { ...common, type: "elected", term: 1, validUntil: expect.any(Number) }],
      ["deposed", "resigning", { ...common, type: "deposed", term: 1, reason: "closed", ledFor: 500 }],
    ]);
  });

  it("keeps its line when a waiting candidate closes, and leaves nothing of that candidate", async () => {
    const { candidates, a, b, c } = await three();
    await candidates.run(b.close());
    expect(b.state).toBe("closed");
    await candidates.run(a.close());
    await candidates.pass(100);
    expect(c.isLeader).toBe(true);
  });

  it("is closed at the very moment of the grant without a leader that nobody knows", async () => {
    for (let steps = 0; steps < 12; steps++) {
      const candidates = new Candidates();
      const election = candidates.open("a");
      for (let step = 0; step < steps; step++) await Promise.resolve();
      await candidates.run(election.close());
      const inspection = candidates.locks("observer").inspect("scheduler");
      expect(await candidates.run(inspection), `${steps}`).toMatchObject({ held: false });
      expect(election.state).toBe("closed");
    }
  });

  it("can be left to `await using`", async () => {
    const candidates = new Candidates();
    const locks = candidates.locks("a");
    {
      await using election = locks.election("scheduler");
      await settle();
      expect(election.isLeader).toBe(true);
    }
    expect(await candidates.run(locks.inspect("scheduler"))).toMatchObject({ held: false });
    expect(candidates.testNodes.clock.pending).toBe(0);
  });

  it("runs on XState's own actor when it is observed", async () => {
    const candidates = new Candidates();
    const inspect = vi.fn();
    const election = candidates.open("a", {}, { xstate: { inspect } });
    const seen: unknown[] = [];
    election.actor.subscribe(({ value }) => seen.push(value));
    await candidates.pass(100);
    await candidates.run(election.close());
    expect(seen).toEqual(["leading", { resigning: "stopping" }, { resigning: "releasing" }, "closed"]);
    expect(election.actor.getSnapshot().context).toEqual({
      election: "scheduler",
      terms: 1,
      reason: "closed",
      closing: true,
    });
    expect(inspect).toHaveBeenCalled();
  });

  it("shows no secret as JSON", async () => {
    const { a } = await three();
    expect(JSON.parse(JSON.stringify(a))).toEqual({
      name: "scheduler",
      state: "leading",
      term: {
        number: 1,
        since: expect.any(Number),
        validUntil: expect.any(Number),
        remaining: expect.any(Number),
      },
    });
  });
});
