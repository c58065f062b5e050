import type { SourceView } from "./frame-aggregate.js";
import type { LockView } from "./frames.js";

/** Time in ms without a beat after which a process counts as silent; processes send a beat every second or two. */
export const silenceTimeout = 4_000;
/** Time in ms by which the end of a lease may be misjudged, because clocks are compared over a network. */
const clockMargin = 1_000;

/** `now`: epoch ms by the observer's clock. */
export const isSilent = (view: SourceView, now: number): boolean =>
  !view.closed && now - view.receivedAt > silenceTimeout;

/**
 * Whether a lease is over without a word from its process, which would report a renewal or the end. `now`: epoch ms by the
 * observer's clock.
 */
export const hasRunOut = (
  { validUntil }: Pick<LockView, "validUntil">,
  source: SourceView | undefined,
  now: number,
): boolean =>
  source !== undefined &&
  validUntil !== null &&
  validUntil + source.lag + clockMargin < now &&
  isSilent(source, now);

/** What is said of such a lease, beside its state and alone. */
export const silentWords = "its process is silent";
export const runOutWords = `run out; ${silentWords}`;
