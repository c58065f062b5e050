import { reportedHolder, sameHolder } from "../engine/protocol/contention.js";
import type { Holder, Vote } from "../engine/protocol/vote.js";
import type { Claim } from "../engine/quorum/claim.js";
import type { QuorumEngine } from "../engine/quorum/engine.js";
import { type Clock, elapsed, type Instant } from "../engine/time/clock.js";
import type { RetryReason } from "../engine/time/retry.js";

/** An attempt that failed, or that was given up before the nodes had decided it. */
export interface FailedAttempt {
  readonly reason: RetryReason;
  readonly votes: readonly Vote[];
  /** Epoch ms of the decision. */
  readonly at: number;
  /** ms for which the nodes were waited for if they had not decided; null if they had. */
  readonly undecidedFor: number | null;
  /** The holder that the votes report, if there is one. */
  readonly holder: Holder | undefined;
  /** Epoch ms of the first attempt in a row that found this holder. */
  readonly seenSince: number;
}

/** Records a failed attempt. `previous`: the attempt before it. */
export function failedAttempt(
  reason: RetryReason,
  votes: readonly Vote[],
  clock: Clock,
  previous: FailedAttempt | null,
  undecidedFor: number | null = null,
): FailedAttempt {
  const at = Math.round(clock.wall());
  const holder = reportedHolder(votes);
  const isSame =
    holder !== undefined && previous?.holder !== undefined && sameHolder(holder, previous.holder);
  return { reason, votes, at, undecidedFor, holder, seenSince: isSame ? previous.seenSince : at };
}

/**
 * What is known of an attempt that began at `start` and that the nodes have not decided. `previous`: the attempt of the caller
 * that came before, which says more if the nodes had more time to decide it.
 */
export function undecidedAttempt(
  { clock, engine: { admission } }: { readonly clock: Clock; readonly engine: QuorumEngine },
  claim: Claim,
  start: Instant,
  previous: FailedAttempt | null,
): FailedAttempt {
  const waited = Math.round(elapsed(clock, start));
  if (previous !== null && (previous.undecidedFor ?? Number.POSITIVE_INFINITY) >= waited) return previous;
  const votes = admission.admitted ? claim.votesSoFar(waited) : admission.unidentified(waited);
  return failedAttempt("noQuorum", votes, clock, null, waited);
}
