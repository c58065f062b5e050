import { clip } from "./redaction.js";

const mostNamed = 5;

/** `"payouts:42"`, or `"a", "b"`: how resources are named in messages. */
export function named(resources: readonly string[]): string {
  const some = resources.slice(0, mostNamed).map((resource) => JSON.stringify(clip(resource)));
  const others = resources.length - some.length;
  return some.join(", ") + (others > 0 ? ` and ${others} more` : "");
}
