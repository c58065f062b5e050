import { describe, expect, it, vi } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { settle } from "../manager/test-nodes.js";
import { Candidates, ttl } from "./candidates.js";

describe("a campaign that fails", () => {
  it("is reported with its error, and is repeated after a pause that grows", async () => {
    const candidates = new Candidates();
    // Each attempt is refused at once: there is no validity left of such a ttl.
    const election = candidates.open("a", { ttl: 2 });
    const delays: number[] = [];
    election.on("failed", ({ election: name, error, delay }) => {
      expect([name, election.state]).toEqual(["scheduler", "follower"]);
      expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
      delays.push(delay);
    });
    await candidates.pass(60_000);
    expect(delays.length).toBeGreaterThan(8);
    expect(delays.length).toBeLessThan(60);
    expect(Math.max(...delays)).toBeLessThanOrEqual(10_000);
    await candidates.run(election.close());
    expect(candidates.testNodes.clock.pending).toBe(0);
  });

  it("ends when the locks close, in the pause and in the wait", async () => {
    const candidates = new Candidates();
    const pausing = candidates.open("a", { ttl: 2 });
    await candidates.pass(1_000);
    const leading = candidates.open("b");
    const waiting = candidates.open("c");
    await candidates.pass(ttl);
    expect(leading.isLeader).toBe(true);
    expect(pausing.state).toMatch(/follower|campaigning/);
    const rejections = vi.fn();
    process.on("unhandledRejection", rejections);
    for (const locks of candidates.managers) await candidates.run(locks.close());
    await settle();
    process.off("unhandledRejection", rejections);
    expect(rejections).not.toHaveBeenCalled();
    expect([pausing.state, leading.state, waiting.state]).toEqual(["closed", "closed", "closed"]);
    expect(candidates.testNodes.clock.pending).toBe(0);
  });

  it("is not final without a quorum: the candidate leads once the nodes are there", async () => {
    const candidates = new Candidates();
    for (const node of candidates.testNodes.nodes) node.crash();
    const election = candidates.open("a");
    await candidates.pass(20_000);
    expect(candidates.log).toEqual([]);
    for (const node of candidates.testNodes.nodes) node.reconnect();
    await candidates.pass(5_000);
    expect(election.isLeader).toBe(true);
  });
});

describe("the options of locks for other acquisitions", () => {
  it("do not apply: the candidate waits without end, in its place, and hands over at once", async () => {
    const candidates = new Candidates();
    const options = { wait: 100, retry: { count: 0 }, renew: false, holdAtLeast: 60_000, fair: false };
    const a = candidates.open("a", {}, options);
    const b = candidates.open("b", {}, options);
    const failed = vi.fn();
    b.on("failed", failed);
    await candidates.pass(10 * ttl);
    expect(a.isLeader).toBe(true);
    expect(failed).not.toHaveBeenCalled();
    await candidates.run(a.resign());
    await candidates.pass(100);
    expect(b.isLeader).toBe(true);
  });

  it("that bound a lease bound a term", async () => {
    const candidates = new Candidates();
    candidates.open("a", { maxHold: 3 * ttl });
    candidates.open("b");
    await candidates.pass(4 * ttl);
    expect(candidates.log).toEqual(["a elected 1", "a deposed 1 maxHold", "b elected 1"]);
  });
});

describe("what cannot work is refused before any request", () => {
  const locks = createLocks({ nodes: [memoryNode()] });

  it.each([
    ["", undefined, /^name must be a non-empty string; got ""$/],
    [["a"], undefined, /^name must be a non-empty string; got an array of 1$/],
    [
      "a",
      { tll: 1 },
      /^tll must be left out: election knows ttl, maxHold, fence, onElected, onDeposed; got a number$/,
    ],
    ["a", { wait: 1 }, /^wait must be left out/],
    ["a", { ttl: 0 }, /^ttl must be an integer from 1/],
    ["a", { onElected: "later" }, /^onElected must be a function; got "later"$/],
    ["a", { onDeposed: 1 }, /^onDeposed must be a function; got 1$/],
    ["holdfast:fence:a", undefined, /^resource must be a key that does not begin with/],
  ])("election(%j, %j)", (name, options, message) => {
    expect(() => locks.election(name as string, options as object)).toThrow(message);
  });

  it("a second open election of a name, until the first one is closed", async () => {
    const candidates = new Candidates();
    const ours = candidates.locks("a");
    const first = ours.election("scheduler");
    expect(() => ours.election("scheduler")).toThrow(
      /^name must be a name without an open election of these locks: use that election, or close it first; got "scheduler"$/,
    );
    ours.election("another");
    await candidates.run(first.close());
    expect(ours.election("scheduler").state).toBe("campaigning");
  });

  it("an election of closed locks", async () => {
    const closed = createLocks({ nodes: [memoryNode()] });
    await closed.close();
    expect(() => closed.election("a")).toThrow(expect.objectContaining({ code: "MANAGER_CLOSED" }));
  });
});
