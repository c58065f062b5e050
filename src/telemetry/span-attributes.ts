import type { Attributes, Exception } from "@opentelemetry/api";
import type { Vote } from "../engine/protocol/vote.js";
import type { ObservedLock } from "../lock/observed-lock.js";
import { voteSummaryOf } from "../manager/vote-summary.js";
import { clip, show } from "../support/redaction.js";
import { testSafely } from "../support/untrusted.js";
import { attributes } from "./names.js";

/** Limits per lock: a backend would refuse a span with ten thousand resources. */
const maxResources = 10;
const maxResourceLength = 300;

/** The attributes of every span of an acquisition. Never the token. */
export const lockAttributes = (lock: ObservedLock): Attributes => ({
  "holdfast.lock.resources": lock.resources
    .slice(0, maxResources)
    .map((resource) => clip(resource, maxResourceLength)),
  "holdfast.lock.acquisition": lock.context.acquisition ?? "",
  "holdfast.lock.owner": lock.manager.owner,
  "holdfast.lock.mode": lock.mode,
  ...(lock.manager.group === null ? {} : { [attributes.group]: lock.manager.group }),
});

export function voteAttributes(votes: readonly Vote[]): Attributes {
  const { granted, denied, failed } = voteSummaryOf(votes);
  const attributes: Attributes = {
    "holdfast.votes.granted": granted,
    "holdfast.votes.denied": denied,
    "holdfast.votes.failed": failed.length,
  };
  if (failed.length > 0) attributes["holdfast.votes.failures"] = [...failed];
  return attributes;
}

/** The value that aborted an acquisition may be anything, even an object that throws on access. */
export function exceptionOf(error: unknown): Exclude<Exception, string> & { message: string } {
  let found = { name: "Error", message: show(error), stack: "" };
  testSafely(() => {
    if (!(error instanceof Error)) return false;
    found = { name: String(error.name), message: String(error.message), stack: String(error.stack) };
    return true;
  });
  return found;
}
