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

/** Where the chart alone goes, step by step; nothing is driven, for there is no port. */
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
  it("has six states, by the names that everything else uses, and none of them is final", () => {
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

  it("shows contention: wait, then ask again, or give up", () => {
    expect(walk(acquire, denied, { type: "RETRY" }).states).toEqual(["idle", asking, waiting, asking]);
    expect(walk(acquire, { ...denied, retryIn: null }).states.at(-1)).toBe("idle");
    expect(walk(acquire, denied, { type: "RETRY" }).context).toMatchObject({
      attempt: 2,
      reason: "contended",
    });
  });

  it("shows a quorum lost during renewal with time left: try again until the deadline", () => {
    const { states } = walk(acquire, granted, { type: "RENEW" }, noQuorum, { type: "RENEW" });
    expect(states.slice(2)).toEqual(["held", renewing, { renewing: "retrying" }, renewing]);
    const found = walk(acquire, granted, { type: "RENEW" }, { type: "RENEWED", validUntil: 2_000, votes });
    expect(found.states.at(-1)).toBe("held");
    expect(found.context.validUntil).toBe(2_000);
    expect(walk(acquire, granted, { type: "RENEW" }, noQuorum, expired).states.at(-1)).toBe("expired");
  });

  it("shows the deadline: expired from held, renewing and releasing, and from there acquired anew", () => {
    for (const events of [[], [{ type: "RENEW" }], [{ type: "RELEASE" }]] as const) {
      const { states } = walk(acquire, granted, ...events, expired, acquire);
      expect(states.slice(-2)).toEqual(["expired", asking]);
    }
  });

  it("shows a release while renewing: the renewal's outcome no longer matters", () => {
    const renewed: LockMachineEvent = { type: "RENEWED", validUntil: 2_000, votes };
    const { states } = walk(acquire, granted, { type: "RENEW" }, { type: "RELEASE" }, renewed, {
      type: "RELEASED",
      votes,
    });
    expect(states.slice(-4)).toEqual([renewing, "releasing", "releasing", "idle"]);
  });

  it("shows an abort while waiting, and while asking", () => {
    const abort: LockMachineEvent = { type: "ABORT", error: new Error("enough") };
    expect(walk(acquire, denied, abort).states.slice(-2)).toEqual([waiting, "idle"]);
    expect(walk(acquire, abort).states.at(-1)).toBe("idle");
    expect(walk(acquire, denied, { type: "TIMED_OUT" }).states.at(-1)).toBe("idle");
    // An abort that comes too late takes nothing away.
    expect(walk(acquire, granted, abort).states.at(-1)).toBe("held");
  });

  it("shows the loss of the key to somebody else", () => {
    const lost: LockMachineEvent = { type: "LOST", reason: "taken", validUntil };
    expect(walk(acquire, granted, { type: "RENEW" }, lost).states.at(-1)).toBe("expired");
  });

  it("keeps completions of an earlier life out of a later one", () => {
    expect(walk(granted).states.at(-1)).toBe("idle");
    expect(
      walk(acquire, granted, { type: "RELEASE" }, { type: "RELEASED", votes }, acquire, expired).states.at(
        -1,
      ),
    ).toEqual(asking);
  });

  it("keeps nothing in its context that cannot be serialised", () => {
    const { context } = walk(acquire, denied, { type: "RETRY" }, granted);
    expect(JSON.parse(JSON.stringify(context))).toEqual(context);
  });
});
