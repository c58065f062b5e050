import type { Vote } from "../engine/protocol/vote.js";
import type { ExpiryReason } from "../errors.js";
import { warnBounded } from "../support/warn.js";
import type { LeaseState } from "./lease-state.js";

/** Returns why a lease was lost that too many nodes denied: another holder has the key ("taken"), or no holder ("missing"). */
export const lossReason = (votes: readonly Vote[]): "taken" | "missing" =>
  votes.some((vote) => vote.kind === "denied" && vote.holder !== null) ? "taken" : "missing";

/** Warns of a loss that nobody listens for. `validUntil`: epoch ms. */
export function warnOfLoss(leaseState: LeaseState, reason: ExpiryReason, validUntil: number): void {
  const { acquisition, grant } = leaseState;
  const [from, until] = [grant.at.wall, validUntil].map((time) => new Date(time).toISOString());
  warnBounded(
    "LEASE_LOST",
    `${leaseState.lossError(reason).message} (lost at ${until}; acquisition ${acquisition}, held since ${from})`,
    "Nothing listens for it, so the code under the lease may go on without the lock. " +
      "Use lease.signal, onLost, the event `expired` or a logger; or rejectOnLoss with using().",
  );
}
