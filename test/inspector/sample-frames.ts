import type { Beat, Frame, LockView } from "../../src/inspector/feed/frames.js";

/** Frames of an invented process. */

const none = { acquired: 0, failed: 0, retries: 0, renewed: 0, quorumLost: 0, expired: 0, released: 0 };

export function beat(source = "here", changes: Partial<Beat> = {}): Beat {
  return {
    kind: "beat",
    source,
    seq: 0,
    time: 1_000,
    owner: "ann",
    pid: 1,
    prefix: "",
    nodes: [],
    totals: none,
    inUse: 0,
    missed: 0,
    ...changes,
  };
}

export function lockView(id: string, changes: Partial<LockView> = {}): LockView {
  return {
    id,
    source: "here",
    resources: [`of ${id}`],
    state: "held",
    since: 1_000,
    acquisition: "a-1",
    began: 1_000,
    granted: 1_000,
    attempts: 1,
    renewals: 0,
    reason: null,
    ttl: 10_000,
    validUntil: 11_000,
    fence: null,
    round: null,
    ...changes,
  };
}

export const locksOf = (...locks: readonly LockView[]): Frame => ({
  kind: "locks",
  source: "here",
  seq: 1,
  time: 1_000,
  locks: [...locks],
});

export const stepOf = (lock: LockView, event: string, from: string): Frame => ({
  kind: "steps",
  source: "here",
  seq: 1,
  time: 1_000,
  steps: [{ time: 1_000, event, from, to: lock.state, lock }],
});
