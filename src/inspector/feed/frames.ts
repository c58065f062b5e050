import * as v from "valibot";

/**
 * What one process tells of its locks, to whoever looks on: a page, a terminal, a recording, other processes over the
 * nodes. Every frame is absolute, so that each can be lost without making the others wrong. None holds a secret.
 * What comes over a channel or from a file may be anything: `parseFrame` takes nothing that has not this shape.
 */

const longestText = 1_000;
const text = v.pipe(v.string(), v.maxLength(longestText));
/** Identifiers. */
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const between = (least: number, most: number) => v.pipe(v.number(), v.minValue(least), v.maxValue(most));
/** What a Date can hold, so that each can be written as one. */
const epoch = between(-8.64e15, 8.64e15);
/** A moment that is still to come: a ttl may be as long as numbers are exact. */
const deadline = between(-8.64e15, 2 * Number.MAX_SAFE_INTEGER);
/** ms. */
const span = between(0, Number.MAX_SAFE_INTEGER);
const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const list = <const Item extends v.GenericSchema>(item: Item, most: number) =>
  v.pipe(v.array(item), v.maxLength(most));

/** At most so many nodes have a vote. */
const mostNodes = 100;

const holder = v.object({
  owner: v.nullable(text),
  tokenHash: v.pipe(v.string(), v.maxLength(64)),
  ttlLeft: v.nullable(finite),
});

const voteView = v.object({
  node: text,
  kind: v.picklist(["granted", "denied", "failed"]),
  /** Of a failed one. */
  reason: v.optional(text),
  message: v.optional(text),
  /** Of a denied one. */
  holder: v.optional(v.nullable(holder)),
});
export type VoteView = v.InferOutput<typeof voteView>;

const roundView = v.object({
  /** What the nodes were asked for. */
  asked: v.picklist(["acquire", "renew", "release"]),
  /** Epoch ms of the verdict. */
  time: epoch,
  /** Those that were in when the verdict was clear. */
  votes: list(voteView, mostNodes),
});
export type RoundView = v.InferOutput<typeof roundView>;

/** A lock, at one moment. */
const lockView = v.object({
  /** Its own among all processes. A lock that is idle may pass it on to the next one of the same resources. */
  id,
  /** The process it is of: a manager of locks. */
  source: id,
  /** At most 10, each cut to 300 characters; `more` is how many were left out. */
  resources: list(text, 10),
  more: v.optional(count),
  /** With its substate: "acquiring.asking". */
  state: text,
  /** Epoch ms at which it came into this state. */
  since: epoch,
  /** Of the acquisition under way, or the last one; null before the first. */
  acquisition: v.nullable(text),
  /** Epoch ms: when that acquisition began, and when it was granted. */
  began: v.nullable(epoch),
  granted: v.nullable(epoch),
  /** Of that acquisition. */
  attempts: count,
  renewals: count,
  /**
   * Why the last attempt or renewal failed ("contended", "noQuorum", "tooSlow"; without any answer "aborted", "timedOut",
   * "refused"), or why the lease ended, other than by a release ("deadline", "taken", "handedOver", …).
   */
  reason: v.nullable(text),
  /** ms; of the lease, the latest one. Null before the grant. */
  ttl: v.nullable(span),
  /** Epoch ms; null when nothing is held. */
  validUntil: v.nullable(deadline),
  fence: v.nullable(finite),
  /** The latest round of votes. */
  round: v.nullable(roundView),
});
export type LockView = v.InferOutput<typeof lockView>;

/** A step of a lock's chart, and the lock after it. */
const step = v.object({
  /** Epoch ms. */
  time: epoch,
  /** The chart's: "GRANTED". */
  event: text,
  from: text,
  to: text,
  lock: lockView,
});
export type Step = v.InferOutput<typeof step>;

const nodeView = v.object({
  name: text,
  state: v.picklist(["connecting", "ready", "suspect", "unresponsive", "down", "quarantined"]),
  cause: v.nullable(text),
  /** Epoch ms at which it votes again, while it is quarantined; null if nobody can tell. */
  until: v.nullable(deadline),
  /** ms from a request to its answer, lately; null where nothing was asked. */
  p50: v.nullable(span),
  p99: v.nullable(span),
  /** The last step of its chart. */
  step: v.nullable(v.object({ time: epoch, event: text, from: text, to: text })),
});
export type NodeView = v.InferOutput<typeof nodeView>;

/** Since the process is looked on at. */
const totals = v.object({
  acquired: count,
  failed: count,
  retries: count,
  renewed: count,
  quorumLost: count,
  expired: count,
  released: count,
});
export type Totals = v.InferOutput<typeof totals>;

/** `source`: one manager of locks. `seq` grows by 1 with each of its frames. `time`: epoch ms by its clock. */
const head = { source: id, seq: count, time: epoch };

/** A process is there; told every second, and when a node changes. */
const beat = v.object({
  ...head,
  kind: v.literal("beat"),
  /** The owner label of its locks. */
  owner: text,
  pid: count,
  prefix: text,
  nodes: list(nodeView, mostNodes),
  totals,
  /** Locks that are acquiring or held. */
  inUse: count,
  /** Steps that were not told one by one, to stay within the rate. */
  missed: count,
});
export type Beat = v.InferOutput<typeof beat>;

const mostInFrame = 1_000;

const steps = v.object({ ...head, kind: v.literal("steps"), steps: list(step, mostInFrame) });
/** Locks as they are, whatever was told of them before. */
const locks = v.object({ ...head, kind: v.literal("locks"), locks: list(lockView, mostInFrame) });
/** Locks that are not there any more. */
const gone = v.object({ ...head, kind: v.literal("gone"), locks: list(id, mostInFrame) });
/** The process has closed its locks. */
const bye = v.object({ ...head, kind: v.literal("bye") });

const frame = v.variant("kind", [beat, steps, locks, gone, bye]);
export type Frame = v.InferOutput<typeof frame>;

/** Null for anything that is no frame. Never throws. */
export function parseFrame(value: unknown): Frame | null {
  const result = v.safeParse(frame, value, { abortEarly: true });
  return result.success ? result.output : null;
}
