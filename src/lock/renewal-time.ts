/*
 * When renewals are due. The time of each renewal is rounded down to a step of the clock, the same for all leases of one
 * validity, so that many leases are renewed together. Times and durations are in ms.
 */

/** A renewal is due at the latest after this share of the validity. */
const latest = 0.5;
/** The longest step, as a share of the validity. A renewal is due at the earliest one longest step before `latest`. */
const longestStep = 0.1;
/** A step is halved until at most this many leases are due in it, even if all were taken at once: one call. */
const locksPerStep = 500;

/** The duration of a step: a tenth of the validity, or less if many locks are in use. */
function stepFor(validity: number, locks: number): number {
  const halvings = Math.max(0, Math.ceil(Math.log2(locks / locksPerStep)));
  return Math.max((validity * longestStep) / 2 ** halvings, 1);
}

/** The last step of the clock up to this time. */
export function stepBefore(time: number, validity: number, locks: number): number {
  const step = stepFor(validity, locks);
  return Math.floor(time / step) * step;
}

/**
 * The time from the beginning of a validity to its renewal, before rounding. `chance`: a random number from 0 to 1, by which
 * many leases that were taken at once spread over the steps.
 */
export function renewalDelay(validity: number, renewBefore: number, locks: number, chance: number): number {
  const wanted = Math.max(validity - renewBefore, validity / 10);
  const range = validity * longestStep - stepFor(validity, locks);
  return Math.min(validity * latest - Math.max(0, range) * chance, wanted);
}
