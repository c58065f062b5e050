import type { Attributes, Exception } from "@opentelemetry/api";
import type { Vote } from "../engine/protocol/vote.js";
import type { ObservedLock } from "../lock/observed-lock.js";
import { voteSummaryOf } from "../manager/vote-summary.js";
import { clip, show } from "../support/redaction.js";
import { looksRight } from "../support/untrusted.js";

/** Of one lock; a span of ten thousand would be refused by whoever stores it. */
const mostResources = 10;
const longestResource = 300;

/** What every span of an acquisition tells of its lock. Never the token. */
export const lockAttributes = (lock: ObservedLock): Attributes => ({
  "holdfast.lock.resources": lock.resources
    .slice(0, mostResources)
    .map((resource) => clip(resource, longestResource)),
  "holdfast.lock.acquisition": lock.context.acquisition ?? "",
  "holdfast.lock.owner": lock.manager.owner,
});

export function voteAttributes(votes: readonly Vote[]): Attributes {
  const { granted, denied, failed } = voteSummaryOf(votes);
  return {
    "holdfast.votes.granted": granted,
    "holdfast.votes.denied": denied,
    "holdfast.votes.failed": failed.length,
    ...(failed.length === 0 ? {} : { "holdfast.votes.failures": [...failed] }),
  };
}

/** What an acquisition may be aborted with is anything, also what throws when it is looked at. */
export function exceptionOf(error: unknown): Exclude<Exception, string> & { message: string } {
  let found = { name: "Error", message: show(error), stack: "" };
  looksRight(() => {
    if (!(error instanceof Error)) return false;
    found = { name: String(error.name), message: String(error.message), stack: String(error.stack) };
    return true;
  });
  return found;
}
