import { checkKnown } from "../lock/option-checks.js";
import type { Settings } from "../lock/settings.js";
import type { LockFactory } from "../manager/lock-factory.js";
import { checkFunction } from "../support/checks.js";
import type { DeposedEvent } from "./events.js";
import type { ElectionOptions, FencedTerm } from "./types.js";

/** The options of an election, checked and with all defaults filled in. */
export interface ElectionSettings {
  /** The settings of each acquisition. */
  readonly acquisition: Settings;
  readonly onElected: ((term: FencedTerm) => unknown) | null;
  readonly onDeposed: ((event: DeposedEvent) => unknown) | null;
}

/**
 * A candidate waits without end, in the order of arrival, and its lease is renewed. The lease ends with its release, so that
 * the next candidate leads at once. The defaults of the manager for other locks do not apply.
 */
const fixed = { wait: Number.POSITIVE_INFINITY, renew: true, fair: true, holdAtLeast: 0, retry: {} };

/** @throws InvalidOptionError, ManagerClosedError. */
export function electionSettingsOf(factory: LockFactory, options: ElectionOptions = {}): ElectionSettings {
  checkKnown("election", options);
  const { ttl, maxHold, fence, onElected, onDeposed } = options;
  return {
    acquisition: { ...factory.settings({ ...fixed, ttl, maxHold, fence }), defaultRetry: true },
    onElected: onElected === undefined ? null : checkFunction("onElected", onElected),
    onDeposed: onDeposed === undefined ? null : checkFunction("onDeposed", onDeposed),
  };
}
