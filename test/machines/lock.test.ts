import { describe, expect, it } from "vitest";
import { getInitialSnapshot, getNextSnapshot } from "xstate";
import { lockMachine } from "../../src/machines/lock.js";
import type { LockMachineEvent } from "../../src/machines/lock-events.js";

const votes = [] as const;
const validUntil = 1_000;
const acquire: LockMachineEvent = { type: "ACQUIRE", acquisition: "1", queued: false };
const granted: LockMachineEvent = { type: "GRANTED", validUntil, votes };
const denied: LockMachineEvent = { type: "DENIED", reason: "contended", votes, retryIn: 50 };
const noQuorum: LockMachineEvent = { type: "NO_QUORUM", reason: "noQuorum", votes, retryIn: 50 };
const expired: LockMachineEvent = { type: "EXPIRED", reason: "deadline", validUntil };

/** Returns the state after each event. The chart runs without a port, so no action has an effect. */
function walk(...events: readonly LockMachineEvent[]) {
  let snapshot = getInitialSnapshot(lockMachine, { resources: ["a"] });
  const states = [snapshot.value];
  for (const event of events) {
    snapshot = getNextSnapshot(lockMachine, snapshot, event);
    states.push(snapshot.value);
  }
  return { states, context: snapshot.context };
}

const asking = { acquiring: "asking" };
const waiting = { acquiring: "waiting" };
const renewing = { renewing: "asking" };

describe("the lock's chart", () => {
  it("has six states with fixed names, and no final state", () => {
    expect(Object.keys(lockMachine.states)).toEqual([
      "idle",
      "acquiring",
      "held",
      "renewing",
      "releasing",
      "expired",
    ]);
    expect(Object.values(lockMachine.states).map(({ type }) => type)).not.toContain("final");
  });

  it("handles contention: wait, then ask again or give up", () => {
    expect(walk(acquire, denied, { type: "RETRY" }).states).toEqual(["idle", asking, waiting, asking]);
    expect(walk(acquire, { ...denied, retryIn: null }).states.at(-1)).toBe("idle");
    expect(walk(acquire, denied, { type: "RETRY" }).context).toMatchObject({
      attempt: 2,
      reason: "contended",
    });
  });

  it("handles a quorum lost during renewal with time left: try again until the deadline", () => {
    const { states } = walk(acquire, granted, { type: "RENEW" }, noQuorum, { type: "RENEW" });
    expect(states.slice(2)).toEqual(["held", renewing, { renewing: "retrying" }, renewing]);
    const found = walk(acquire, granted, { type: "RENEW" }, { type: "RENEWED", validUntil: 2_000, votes });
    expect(found.states.at(-1)).toBe("held");
    expect(found.context.validUntil).toBe(2_000);
    expect(walk(acquire, granted, { type: "RENEW" }, noQuorum, expired).states.at(-1)).toBe("expired");
  });

  it("reaches expired from held, renewing and releasing at the deadline, and can then acquire again", () => {
    for (const events of [[], [{ type: "RENEW" }], [{ type: "RELEASE" }]] as const) {
      const { states } = walk(acquire, granted, ...events, expired, acquire);
      expect(states.slice(-2)).toEqual(["expired", asking]);
    }
  });

  it("ignores the outcome of a renewal after a release", () => {
    const renewed: LockMachineEvent = { type: "RENEWED", validUntil: 2_000, votes };
    const { states } = walk(acquire, granted, { type: "RENEW" }, { type: "RELEASE" }, renewed, {
      type: "RELEASED",
      votes,
    });
    expect(states.slice(-4)).toEqual([renewing, "releasing", "releasing", "idle"]);
  });

  it("aborts while waiting and while asking", () => {
    const abort: LockMachineEvent = { type: "ABORT", error: new Error("enough") };
    expect(walk(acquire, denied, abort).states.slice(-2)).toEqual([waiting, "idle"]);
    expect(walk(acquire, abort).states.at(-1)).toBe("idle");
    expect(walk(acquire, denied, { type: "TIMED_OUT" }).states.at(-1)).toBe("idle");
    // An abort after the grant has no effect.
    expect(walk(acquire, granted, abort).states.at(-1)).toBe("held");
  });

  it("handles the loss of the key to another client", () => {
    const lost: LockMachineEvent = { type: "LOST", reason: "taken", validUntil };
    expect(walk(acquire, granted, { type: "RENEW" }, lost).states.at(-1)).toBe("expired");
  });

  it("ignores completions of an earlier acquisition in a later acquisition", () => {
    expect(walk(granted).states.at(-1)).toBe("idle");
    expect(
      walk(acquire, granted, { type: "RELEASE" }, { type: "RELEASED", votes }, acquire, expired).states.at(
        -1,
      ),
    ).toEqual(asking);
  });

  it("keeps only serialisable values in its context", () => {
    const { context } = walk(acquire, denied, { type: "RETRY" }, granted);
    expect(JSON.parse(JSON.stringify(context))).toEqual(context);
  });
});
