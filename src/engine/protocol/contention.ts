import { formatDuration } from "../../support/duration.js";
import { named } from "../../support/names.js";
import type { Holder, Vote } from "./vote.js";

/** A lease of the same manager that a wait is blocked by. */
export interface HeldHere {
  /** The acquisition that led to the lease. */
  readonly acquisition: string;
  /** ms since the grant. */
  readonly heldFor: number;
}

/** The holder with the longest remaining ttl; undefined if no node reported a holder. */
export function longestHolder(votes: readonly Vote[]): Holder | undefined {
  let found: Holder | undefined;
  for (const vote of votes) {
    if (vote.kind !== "denied" || vote.holder === null) continue;
    const left = vote.holder.ttlLeft ?? Number.POSITIVE_INFINITY;
    if (found === undefined || left > (found.ttlLeft ?? Number.POSITIVE_INFINITY)) found = vote.holder;
  }
  return found;
}

function describe(holder: Holder | undefined): string {
  if (holder === undefined) return "somebody, or kept for somebody who has waited longer";
  const who = holder.owner === null ? `a foreign client (token hash ${holder.tokenHash})` : holder.owner;
  if (holder.type !== "string") return `a key of type ${holder.type}, which is not a lock`;
  return holder.ttlLeft === null
    ? `${who}, without an expiry`
    : `${who} for up to ${formatDuration(holder.ttlLeft)}${holder.kept ? " after its release (holdAtLeast)" : ""}`;
}

/** Says who holds the resources, and what to do. `attempts`: how many were made. */
export function contentionMessage(
  resources: readonly string[],
  attempts: number,
  holder: Holder | undefined,
  heldHere: HeldHere | undefined,
): string {
  const which = resources.length > 1 && holder !== undefined ? ` (the key ${named([holder.key])})` : "";
  const here =
    heldHere && `this process, acquisition ${heldHere.acquisition}, for ${formatDuration(heldHere.heldFor)}`;
  const who = `${here ?? describe(holder)}${which}`;
  const why =
    attempts === 0
      ? `is wanted by others in this process, who came before${here ? `, and is held by ${who}` : ""}; gave up before the first attempt.`
      : `is held by ${who}; gave up after ${attempts} attempt${attempts === 1 ? "" : "s"}.`;
  return `${named(resources)} ${why} ${adviceFor(holder, here !== undefined)}`;
}

function adviceFor(holder: Holder | undefined, isHeldHere: boolean): string {
  if (isHeldHere)
    return (
      "A lock is not reentrant: code that runs under the lease must not acquire the resource again. " +
      "If this is other code, wait longer (wait, retry) or try again later."
    );
  return holder === undefined || (holder.type === "string" && holder.ttlLeft !== null)
    ? "Wait longer (wait, retry) or try again later."
    : "Waiting will not help: look at that key.";
}
