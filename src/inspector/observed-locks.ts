import { managersOf } from "../api/managed-locks.js";
import type { Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { isList } from "../support/untrusted.js";
import { type PrometheusText, prometheusOf } from "../telemetry/prometheus.js";
import { InspectorFeed } from "./feed/inspector-feed.js";

export interface ObservedLocks {
  readonly feed: InspectorFeed;
  metrics(): Promise<PrometheusText | null>;
  /** Starts the observation. */
  start(): void;
}

/**
 * Checks what a user gave, and observes nothing yet.
 * @throws InvalidOptionError
 */
export function observedLocks(locks: Locks | readonly Locks[]): ObservedLocks {
  // A list may have holes, which are not locks either.
  const all = isList(locks) ? Array.from(locks as readonly Locks[]) : [locks as Locks];
  if (all.length === 0)
    throw new InvalidOptionError("locks", locks, "what createLocks gave, or a list of that");
  const managers = new Set(all.flatMap(managersOf));
  const feed = new InspectorFeed();
  return {
    feed,
    metrics: () => prometheusOf(all),
    start: () => {
      for (const manager of managers) feed.watch(manager);
    },
  };
}
