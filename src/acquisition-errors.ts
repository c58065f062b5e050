import { adviceOn } from "./engine/protocol/advice.js";
import {
  type BlockingHolder,
  contentionMessage,
  type HeldHere,
  type WantedPermits,
} from "./engine/protocol/contention.js";
import { canReachQuorum } from "./engine/protocol/quorum.js";
import type { Vote } from "./engine/protocol/vote.js";
import type { RetryReason } from "./engine/time/retry.js";
import { formatDuration } from "./support/duration.js";
import { HoldfastError } from "./support/holdfast-error.js";
import { count, named } from "./support/names.js";

/** The resource is taken: so many nodes denied it that no quorum is left. */
export class LockContendedError extends HoldfastError {
  readonly code = "LOCK_CONTENDED";

  override get name(): string {
    return "LockContendedError";
  }

  readonly reason = "contended";
  constructor(
    readonly resources: readonly string[],
    /** The number of attempts made. */ readonly attempts: number,
    readonly votes: readonly Vote[],
    /** The lease of the same manager that holds one of the resources, if there is one. */
    readonly heldHere: HeldHere | undefined = undefined,
    /**
     * The holder that most nodes reported. Undefined if no node reported a holder, for example because the resource was
     * kept for a caller that has waited longer.
     */
    readonly holder: BlockingHolder | undefined = undefined,
    permits?: WantedPermits,
  ) {
    super(contentionMessage(resources, attempts, holder, heldHere, permits));
  }
}

/** No quorum of the `nodes` granted in time, because nodes failed, timed out or answered too late. */
export class QuorumUnavailableError extends HoldfastError {
  readonly code = "QUORUM_UNAVAILABLE";

  override get name(): string {
    return "QuorumUnavailableError";
  }

  constructor(
    readonly resources: readonly string[],
    /** The operation that failed: "acquire", "renew" or "adopt". */ readonly operation: string,
    readonly attempts: number,
    /** The votes that had arrived at the decision. A failed vote contains its reason. */
    readonly votes: readonly Vote[],
    /** The number of nodes. */ readonly nodes: number,
    /**
     * "noQuorum": too few nodes answered; `votes` say which nodes failed, and why. "tooSlow": a quorum answered, but so late
     * that no validity was left, or the nodes were too slow to be asked at all.
     */
    readonly reason: "noQuorum" | "tooSlow" = "noQuorum",
    /** Whether the nodes are being changed, so that a quorum of `nodes` and one of `previous` are needed. */
    changing = false,
    /** Whether a later attempt can reach a quorum, unless somebody removes the cause of a failed vote. */
    reachable = canReachQuorum(votes, nodes),
  ) {
    const why = explained(reason, attempts, votes, nodes, changing, reachable);
    super(`could not ${operation} ${named(resources)}: ${why}`);
  }
}

function explained(
  reason: "noQuorum" | "tooSlow",
  attempts: number,
  votes: readonly Vote[],
  nodes: number,
  changing: boolean,
  reachable: boolean,
): string {
  if (reason === "tooSlow" && votes.length === 0)
    return (
      "the nodes were not asked, because too many attempts of this process are unanswered. Look at the nodes' latency, " +
      "or acquire less at once (maxPending)"
    );
  if (reason === "tooSlow")
    return (
      `${votes.length} of ${count(nodes, "node")} answered, but too late: no validity was left of the ttl, or more than ` +
      "four node timeouts had passed. Use a longer ttl or nodeTimeout, or look at the nodes' latency and at what keeps " +
      "the event loop busy"
    );
  const granted = votes.filter((vote) => vote.kind === "granted").length;
  const unanswered = nodes - votes.length;
  const failures = votes
    .filter((vote) => vote.kind !== "granted")
    .map((vote) => `${vote.node}: ${vote.kind === "failed" ? vote.message : "denied"}`);
  if (unanswered > 0) failures.push(`not waited for ${unanswered} more, which could not change the result`);
  return (
    `${granted} of ${count(nodes, "node")} granted${changing ? " (a quorum of `nodes` and one of `previous` are needed)" : ""}, ${attempts === 0 ? "when a caller of this process asked that came before" : `after ${count(attempts, "attempt")}`}` +
    `${failures.length > 0 ? ` (${failures.join("; ")})` : ""}${adviceOn(votes, reachable)}`
  );
}

/** The acquisition took longer than `wait`. `reason` says why: taken by somebody else, no quorum, or too slow. */
export class AcquireTimeoutError extends HoldfastError {
  readonly code = "ACQUIRE_TIMEOUT";

  override get name(): string {
    return "AcquireTimeoutError";
  }

  /** The error of the last attempt that was decided. */
  declare readonly cause: LockContendedError | QuorumUnavailableError;
  /**
   * Why no attempt succeeded. "contended": somebody else holds a resource; see `holder`. "noQuorum": too few nodes answered;
   * see `votes`. "tooSlow": the nodes answered, but so late that no validity was left.
   */
  readonly reason: RetryReason;
  /** With the reason "contended": the holder that most nodes reported. Undefined if no node reported one. */
  readonly holder: BlockingHolder | undefined;
  /** With the reason "contended": the lease of the same manager that holds one of the resources, if there is one. */
  readonly heldHere: HeldHere | undefined;
  /** The votes of the last attempt. A failed vote contains its reason. */
  readonly votes: readonly Vote[];
  constructor(
    readonly resources: readonly string[],
    /** The option `wait`, in ms. */ readonly wait: number,
    /** The number of attempts made. 0 if other callers of this process came before. */
    readonly attempts: number,
    cause: LockContendedError | QuorumUnavailableError,
  ) {
    const failed = `could not acquire ${named(resources)}`;
    // Said once, although the message of the cause begins with it.
    const why = cause.message.replace(`${failed}: `, "");
    super(`${failed} within ${formatDuration(wait)}: ${why}`, { cause });
    this.reason = cause.reason;
    this.votes = cause.votes;
    this.holder = cause.code === "LOCK_CONTENDED" ? cause.holder : undefined;
    this.heldHere = cause.code === "LOCK_CONTENDED" ? cause.heldHere : undefined;
  }
}
