import { adviceOn } from "./engine/protocol/advice.js";
import type { Vote } from "./engine/protocol/vote.js";
import { formatDuration } from "./support/duration.js";
import { HoldfastError } from "./support/holdfast-error.js";
import { count, named } from "./support/names.js";

/**
 * Why a lease was not upgraded. "exclusive": no other lease shares its resources anyway. "contended": another lease waits for
 * its upgrade. "unsettled": an earlier upgrade of this lease failed, and a node had not confirmed its end when `wait` was over.
 * "noQuorum": too few nodes answered. "timeout": other leases still shared the resources when `wait` was over.
 */
export type UpgradeFailure = "exclusive" | "contended" | "unsettled" | "noQuorum" | "timeout";

const explanations: Readonly<Record<UpgradeFailure, string>> = {
  exclusive: 'it is exclusive already. Remove the call, or acquire with mode: "shared"',
  contended:
    "another lease waits for its upgrade, and each would wait for the other. Release this lease, and acquire an exclusive one",
  unsettled:
    "a node has not confirmed the end of an earlier upgrade. Release this lease, and acquire an exclusive one",
  noQuorum: "too few nodes answered",
  timeout:
    "other leases still shared it. Wait longer (wait), or release this lease and acquire an exclusive one",
};

/** A lease did not become exclusive. It is held as before. */
export class UpgradeFailedError extends HoldfastError {
  readonly code = "UPGRADE_FAILED";

  override get name(): string {
    return "UpgradeFailedError";
  }

  constructor(
    readonly resources: readonly string[],
    readonly reason: UpgradeFailure,
    /** The votes of the last attempt. Empty if no node was asked. */
    readonly votes: readonly Vote[] = [],
    /** The option `wait`, in ms. */
    wait = 0,
    /** The number of attempts made. */
    readonly attempts = 0,
  ) {
    const made = attempts === 0 ? "" : `, after ${count(attempts, "attempt")}`;
    // An upgrade that another one rules out fails at once.
    const within = attempts === 0 || reason === "contended" ? "" : ` within ${formatDuration(wait)}`;
    const failures = reason === "noQuorum" || reason === "unsettled" ? failuresOf(votes) : "";
    super(
      `could not upgrade the lease of ${named(resources)}${within}${made}: ${explanations[reason]}${failures}.`,
    );
  }
}

function failuresOf(votes: readonly Vote[]): string {
  const failures = votes.flatMap((vote) => (vote.kind === "failed" ? `${vote.node}: ${vote.message}` : []));
  return failures.length === 0 ? "" : ` (${failures.join("; ")})${adviceOn(votes, true)}`;
}
