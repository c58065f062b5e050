import * as v from "valibot";

/**
 * The frames in which one process reports its locks to a page, a terminal, a recording, or other processes over the
 * nodes. Every frame is absolute, so that a lost frame does not make the others wrong. No frame contains a secret.
 * Input from a channel or a file is untrusted: `parseFrame` accepts nothing of another shape.
 */

const maxTextLength = 1_000;
const text = v.pipe(v.string(), v.maxLength(maxTextLength));
/** Identifiers. */
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const between = (min: number, max: number) => v.pipe(v.number(), v.minValue(min), v.maxValue(max));
/** The range of a Date, so that every value can be formatted as one. */
const epoch = between(-8.64e15, 8.64e15);
/** A time that may lie in the future: a ttl may be as large as the largest safe integer. */
const deadline = between(-8.64e15, 2 * Number.MAX_SAFE_INTEGER);
/** A duration in ms. */
const duration = between(0, Number.MAX_SAFE_INTEGER);
const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const list = <const Item extends v.GenericSchema>(item: Item, max: number) =>
  v.pipe(v.array(item), v.maxLength(max));

/** Maximum number of nodes that have a vote. */
const maxNodes = 100;

const holder = v.object({
  owner: v.nullable(text),
  tokenHash: v.pipe(v.string(), v.maxLength(64)),
  ttlLeft: v.nullable(finite),
});

const voteView = v.object({
  node: text,
  kind: v.picklist(["granted", "denied", "failed"]),
  /** Only of a failed vote. */
  reason: v.optional(text),
  message: v.optional(text),
  /** Only of a denied vote. */
  holder: v.optional(v.nullable(holder)),
});
export type VoteView = v.InferOutput<typeof voteView>;

const roundView = v.object({
  /** What the nodes were asked for. */
  asked: v.picklist(["acquire", "renew", "release"]),
  /** Epoch ms of the verdict. */
  time: epoch,
  /** The votes that had arrived when the verdict was clear. */
  votes: list(voteView, maxNodes),
});
export type RoundView = v.InferOutput<typeof roundView>;

/** A lock at one moment. */
const lockView = v.object({
  /** Unique among all processes. A new lock on the same resources may take over the id of an idle lock. */
  id,
  /** The manager of locks that it belongs to. */
  source: id,
  /** At most 10, each clipped to 300 characters; `more` is the number of omitted resources. */
  resources: list(text, 10),
  more: v.optional(count),
  /** "shared" if others with the same mode may hold the resources too; absent: "exclusive". */
  mode: v.optional(text),
  /** Of a semaphore: how many leases may be valid at once. */
  permits: v.optional(count),
  /** Of a semaphore: how many permits the lease has, or is asked for; absent: 1. */
  weight: v.optional(count),
  /** Of a candidate of an election: how many terms it has led, this one included; absent for other locks. */
  terms: v.optional(count),
  /** With its substate: "acquiring.asking". */
  state: text,
  /** Epoch ms at which the lock entered this state. */
  since: epoch,
  /** The current or latest acquisition; null before the first. */
  acquisition: v.nullable(text),
  /** Epoch ms at which that acquisition began, and at which it was granted. */
  began: v.nullable(epoch),
  granted: v.nullable(epoch),
  /** Of that acquisition. */
  attempts: count,
  renewals: count,
  /**
   * Why the last attempt or renewal failed ("contended", "noQuorum", "tooSlow"; without any answer "aborted",
   * "timedOut", "refused"), or why the lease ended other than by a release ("deadline", "taken", "handedOver", …).
   */
  reason: v.nullable(text),
  /** The ttl of the latest lease in ms; null before the grant. */
  ttl: v.nullable(duration),
  /** Epoch ms; null while nothing is held. */
  validUntil: v.nullable(deadline),
  fence: v.nullable(finite),
  /** The latest round of votes. */
  round: v.nullable(roundView),
});
export type LockView = v.InferOutput<typeof lockView>;

/** A step of a lock's chart, and the lock after that step. */
const step = v.object({
  /** Epoch ms. */
  time: epoch,
  /** An event of the chart: "GRANTED". */
  event: text,
  from: text,
  to: text,
  lock: lockView,
  /** The id of the trace that the acquisition belongs to; absent if it is not traced. */
  trace: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
});
export type Step = v.InferOutput<typeof step>;

const nodeStep = v.object({ time: epoch, event: text, from: text, to: text });

const nodeView = v.object({
  name: text,
  state: v.picklist(["connecting", "ready", "suspect", "unresponsive", "down", "quarantined"]),
  cause: v.nullable(text),
  /** Epoch ms at which a quarantined node votes again; null if that is unknown. */
  until: v.nullable(deadline),
  /** Recent time in ms from a request to its answer; null without recent requests. */
  p50: v.nullable(duration),
  p99: v.nullable(duration),
  /** The last step of its chart. */
  step: v.nullable(nodeStep),
  /** The last steps before that one, oldest first: only in the first beat for a new page. */
  steps: v.optional(list(nodeStep, 20)),
});
export type NodeView = v.InferOutput<typeof nodeView>;

/** Counted since the process is observed. */
const totals = v.object({
  acquired: count,
  failed: count,
  /** Attempts after one that failed for want of a quorum, or of time. */
  retries: count,
  /** Attempts of waiters in line, which show that they are still there. */
  asks: v.optional(count),
  renewed: count,
  quorumLost: count,
  expired: count,
  released: count,
});
export type Totals = v.InferOutput<typeof totals>;

/** `source`: one manager of locks. `seq` grows by 1 with each of its frames. `time`: epoch ms by its clock. */
const head = { source: id, seq: count, time: epoch };

/** A heartbeat, sent every second and when a node changes. */
const beat = v.object({
  ...head,
  kind: v.literal("beat"),
  /** The owner label of its locks. */
  owner: text,
  pid: count,
  prefix: text,
  nodes: list(nodeView, maxNodes),
  totals,
  /** Locks that are acquiring or held. */
  inUse: count,
  /** Steps that were not reported individually because of the rate limit. */
  missed: count,
  /** Epoch ms from which the totals count. */
  since: v.optional(epoch),
});
export type Beat = v.InferOutput<typeof beat>;

const maxItems = 1_000;

const steps = v.object({ ...head, kind: v.literal("steps"), steps: list(step, maxItems) });
/** The current state of locks, independent of earlier frames. */
const locks = v.object({ ...head, kind: v.literal("locks"), locks: list(lockView, maxItems) });
/** The ids of locks that no longer exist. */
const gone = v.object({ ...head, kind: v.literal("gone"), locks: list(id, maxItems) });
/** The process has closed its locks. */
const bye = v.object({ ...head, kind: v.literal("bye") });

const frame = v.variant("kind", [beat, steps, locks, gone, bye]);
export type Frame = v.InferOutput<typeof frame>;

/** Returns null for anything that is not a frame. Never throws. */
export function parseFrame(value: unknown): Frame | null {
  const result = v.safeParse(frame, value, { abortEarly: true });
  return result.success ? result.output : null;
}
