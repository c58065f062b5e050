import type { Beat, Frame, LockView, Step } from "../../src/inspector/feed/frames.js";

/** 2026-01-01T12:00:00Z. */
export const noon = 1_767_268_800_000;

export const lockView = (changes: Partial<LockView> = {}): LockView => ({
  id: "a-1",
  source: "a",
  resources: ["payouts:42"],
  state: "held",
  since: noon,
  acquisition: "a-1",
  began: noon - 20,
  granted: noon,
  attempts: 1,
  renewals: 0,
  reason: null,
  ttl: 10_000,
  validUntil: noon + 9_800,
  fence: 7,
  round: {
    asked: "acquire",
    time: noon,
    votes: [
      { node: "127.0.0.1:6379", kind: "granted" },
      { node: "127.0.0.1:6380", kind: "granted" },
      { node: "127.0.0.1:6381", kind: "failed", reason: "timeout", message: "no answer within 200 ms" },
    ],
  },
  ...changes,
});

export const step = (changes: Partial<Step> = {}): Step => ({
  time: noon,
  event: "GRANTED",
  from: "acquiring.asking",
  to: "held",
  lock: lockView(),
  ...changes,
});

export const beat = (changes: Partial<Beat> = {}): Beat => ({
  kind: "beat",
  source: "a",
  seq: 1,
  time: noon,
  owner: "ada:4711",
  pid: 4711,
  prefix: "",
  nodes: [
    { name: "127.0.0.1:6379", state: "ready", cause: null, until: null, p50: 0.4, p99: 2.1, step: null },
    {
      name: "127.0.0.1:6381",
      state: "down",
      cause: "connect ECONNREFUSED",
      until: null,
      p50: null,
      p99: null,
      step: { time: noon, event: "DISCONNECTED", from: "ready", to: "down" },
    },
  ],
  totals: { acquired: 1, failed: 0, retries: 0, renewed: 0, quorumLost: 0, expired: 0, released: 0 },
  inUse: 1,
  since: 1_700_000_000_000,
  missed: 0,
  ...changes,
});

/** One frame of each kind. */
export const framesOfAllKinds: readonly Frame[] = [
  beat(),
  { kind: "steps", source: "a", seq: 2, time: noon, steps: [step()] },
  { kind: "locks", source: "a", seq: 3, time: noon, locks: [lockView({ resources: ["é – 🔒", "b"] })] },
  { kind: "gone", source: "a", seq: 4, time: noon, locks: ["a-1"] },
  { kind: "bye", source: "a", seq: 5, time: noon },
];
