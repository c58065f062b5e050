import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { isPermit } from "../../../../src/inspector/feed/lease-kind.js";
import { keyOf } from "./resources.js";

/** Period in ms that counts. */
const grantPeriod = 60_000;

/** How often each resource was granted in the last minute, as far as the page has received it. `now`: epoch ms. */
export function recentGrants(
  steps: Iterable<Step>,
  sources: ReadonlyMap<string, SourceView>,
  now: number,
): ReadonlyMap<string, number> {
  const grants = new Map<string, number>();
  for (const { event, time, lock } of steps) {
    if (event !== "GRANTED") continue;
    const source = sources.get(lock.source);
    if (time + (source?.lag ?? 0) < now - grantPeriod) continue;
    for (const name of lock.resources) {
      const key = keyOf(source?.beat.prefix ?? "", name, isPermit(lock));
      grants.set(key, (grants.get(key) ?? 0) + 1);
    }
  }
  return grants;
}
