import { clip } from "./redaction.js";

const maxNamed = 5;

/** Formats resources for messages: `"payouts:42"`, or `"a", "b"`. Names at most five resources. */
export function named(resources: readonly string[]): string {
  const shown = resources.slice(0, maxNamed).map((resource) => JSON.stringify(clip(resource)));
  const others = resources.length - shown.length;
  return shown.join(", ") + (others > 0 ? ` and ${others} more` : "");
}

/** Formats a number of things: `1 node`, `3 nodes`. */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
