import { describe, expect, it, vi } from "vitest";
import type { DeposedEvent, Term } from "../../src/index.js";
import { settle } from "../manager/test-nodes.js";
import { Candidates, ttl } from "./candidates.js";

/** Code of a term that ends when the test says so. */
function manualWork() {
  const ends: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  const terms: Term[] = [];
  const onElected = (term: Term) =>
    new Promise<void>((resolve, reject) => {
      terms.push(term);
      ends.push({ resolve, reject });
    });
  return { onElected, ends, terms };
}

/** Code of a term that runs until its signal aborts. */
const untilAborted = ({ signal }: Term) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

async function two(options: Parameters<Candidates["open"]>[1] = {}) {
  const candidates = new Candidates();
  const onListenerError = vi.fn();
  const a = candidates.open("a", options, { onListenerError });
  const b = candidates.open("b");
  await candidates.pass(500);
  return { candidates, a, b, onListenerError };
}

describe("onElected", () => {
  it("gets the term, and the candidate leads on after it has returned", async () => {
    const onElected = vi.fn(async (term: Term) => term.assertLeading());
    const { candidates, a } = await two({ onElected });
    await candidates.pass(5 * ttl);
    expect(onElected).toHaveBeenCalledOnce();
    expect(a.isLeader).toBe(true);
  });

  it("can end the term with term.resign()", async () => {
    const onElected = vi.fn(async (term: Term) => {
      await settle();
      term.resign();
      term.resign();
    });
    const { candidates } = await two({ onElected });
    expect(candidates.log).toEqual(["a elected 1", "a deposed 1 resigned", "b elected 1"]);
  });

  it.each(["resign", "close"] as const)(
    "keeps others from leading until it has stopped after %s()",
    async (call) => {
      const { onElected, ends, terms } = manualWork();
      const { candidates, a, b } = await two({ onElected });
      const ended = a[call]();
      await candidates.pass(ttl / 4);
      expect(a.state).toBe("resigning");
      expect([a.isLeader, a.term]).toEqual([false, null]);
      expect(terms[0]?.signal.reason).toMatchObject({
        code: "TERM_ENDED",
        reason: call === "close" ? "closed" : "resigned",
      });
      // It may still write, because nobody else leads.
      terms[0]?.assertLeading();
      expect(b.isLeader).toBe(false);
      ends[0]?.resolve();
      await candidates.run(ended);
      expect(() => terms[0]?.assertLeading()).toThrow(/is over/);
      await candidates.pass(100);
      expect(b.isLeader).toBe(true);
    },
  );

  it("that does not stop is waited for until its validity at the time is over, and is never run twice at once", async () => {
    const { onElected, ends } = manualWork();
    const { candidates, a, b } = await two({ onElected });
    const left = a.term?.remaining() ?? 0;
    await candidates.run(a.resign());
    expect(candidates.testNodes.clock.monotonic()).toBeGreaterThanOrEqual(500 + left - 5);
    expect(candidates.testNodes.clock.monotonic()).toBeLessThanOrEqual(500 + left + 20);
    await candidates.pass(100);
    expect(b.isLeader).toBe(true);
    await candidates.run(b.close());
    await candidates.pass(5 * ttl);
    expect(a.state).toBe("follower");
    expect(ends).toHaveLength(1);
    ends[0]?.resolve();
    await candidates.pass(100);
    expect(ends).toHaveLength(2);
    expect(a.isLeader).toBe(true);
  });

  it("that does not stop when the lease is lost does not run again before it has", async () => {
    const { onElected, ends, terms } = manualWork();
    const { candidates, a, b } = await two({ onElected });
    candidates.deleteLease();
    await candidates.pass(5 * ttl);
    expect(terms[0]?.signal.aborted).toBe(true);
    expect(b.isLeader).toBe(true);
    expect(a.state).toBe("follower");
    ends[0]?.resolve();
    await candidates.pass(100);
    expect(a.state).toBe("campaigning");
  });

  it("that does not stop leaves its lease to expire when the locks close", async () => {
    const { onElected } = manualWork();
    const { candidates, a, b } = await two({ onElected });
    const [locks] = candidates.managers;
    const { term } = a;
    await candidates.run(locks?.close({ timeout: 200 }) ?? Promise.reject());
    expect(a.state).toBe("closed");
    expect(candidates.log.at(-1)).toBe("a deposed 1 closed");
    expect(b.isLeader).toBe(false);
    expect(() => term?.assertLeading()).not.toThrow();
    await candidates.pass(2 * ttl);
    expect(b.isLeader).toBe(true);
  });

  it("that stops when its signal aborts is no failure", async () => {
    const { candidates, a, onListenerError } = await two({ onElected: untilAborted });
    await candidates.run(a.resign());
    await candidates.pass(100);
    expect(candidates.log).toEqual(["a elected 1", "a deposed 1 resigned", "b elected 1"]);
    expect(onListenerError).not.toHaveBeenCalled();
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken"))],
  ])("that %s is reported, and another candidate leads", async (_, onElected) => {
    const deposed: DeposedEvent[] = [];
    const onDeposed = (event: DeposedEvent) => void deposed.push(event);
    const { candidates, b, onListenerError } = await two({ onElected, onDeposed });
    expect(candidates.log).toEqual(["a elected 1", "a deposed 1 failed", "b elected 1"]);
    expect(b.isLeader).toBe(true);
    expect(onListenerError).toHaveBeenCalledExactlyOnceWith(new Error("broken"), "onElected");
    expect(deposed).toMatchObject([
      { election: "scheduler", term: 1, reason: "failed", error: new Error("broken") },
    ]);
  });

  it("that always fails runs less and less often, where there is no other candidate", async () => {
    const candidates = new Candidates();
    const onElected = vi.fn(() => Promise.reject(new Error("broken")));
    candidates.open(
      "a",
      { onElected },
      { onListenerError: () => {}, random: { fraction: () => 1, secret: secrets() } },
    );
    await candidates.pass(60_000);
    // After 0.2, 0.4, 0.8, 1.6, 3.2 and 6.4 s, and then every 10 s.
    expect(onElected.mock.calls.length).toBeGreaterThanOrEqual(11);
    expect(onElected.mock.calls.length).toBeLessThanOrEqual(12);
  });

  it("that fails after its term is reported, and changes nothing", async () => {
    const { onElected, ends } = manualWork();
    const { candidates, b, onListenerError } = await two({ onElected });
    candidates.deleteLease();
    await candidates.pass(5 * ttl);
    ends[0]?.reject(new Error("late"));
    await candidates.pass(100);
    expect(onListenerError).toHaveBeenCalledExactlyOnceWith(new Error("late"), "onElected");
    expect(b.isLeader).toBe(true);
    expect(candidates.log.filter((line) => line.includes("deposed"))).toHaveLength(1);
  });

  it("is not called for a term that a listener has ended", async () => {
    const candidates = new Candidates();
    const onElected = vi.fn();
    const election = candidates.open("a", { onElected });
    election.on("elected", () => void election.close());
    await candidates.pass(100);
    expect(onElected).not.toHaveBeenCalled();
    expect(candidates.log).toEqual(["a elected 1", "a deposed 1 closed"]);
  });
});

/** Distinct tokens. */
function secrets(): () => string {
  let count = 0;
  return () => (++count).toString().padStart(32, "0");
}
