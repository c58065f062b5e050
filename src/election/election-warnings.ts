import type { TermEndedError } from "../errors.js";
import { named } from "../support/names.js";
import { warnBounded } from "../support/warn.js";

/** Warns of the loss of a term that nothing listens for. `since`: epoch ms at which the term began. */
export function warnOfLostTerm(error: TermEndedError, since: number): void {
  warnBounded(
    "LEASE_LOST",
    `${error.message} (led since ${new Date(since).toISOString()})`,
    "Nothing listens for it, so the code of the term may go on although somebody else leads. " +
      "Use term.signal, onDeposed, the event `deposed` of the election or a logger.",
  );
}

/** Warns of a campaign that failed while nothing listens. `delay`: ms until the next campaign. */
export function warnOfFailedCampaign(election: string, error: unknown, delay: number): void {
  const why = error instanceof Error ? error.message : String(error);
  warnBounded(
    "CAMPAIGN_FAILED",
    `the campaign for the election ${named([election])} failed: ${why}`,
    `The next one begins in ${delay} ms. Listen to the event \`failed\` of the election, or use a logger.`,
  );
}
