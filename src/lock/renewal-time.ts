/*
 * When renewals are due. The time of each renewal is rounded down to a step of the clock, the same for all leases of one
 * validity, so that many leases are renewed together. Times and durations are in ms.
 */

/** A renewal is due at the latest after this share of the validity. */
const latest = 0.5;
/** The longest step, as a share of the validity. A renewal is due at the earliest one longest step before `latest`. */
const longestStep = 0.1;
/** The share of the leases whose renewal is due earlier by chance, so that leases that were taken in one burst spread out. */
const scattered = 0.1;
/** A step is halved until about half as many leases as this are due in it: one call, or less. */
const locksPerStep = 500;

/** The duration of a step: a tenth of the validity, or less if many locks are in use. */
function stepFor(validity: number, locks: number): number {
  const due = (locks * longestStep) / latest;
  const halvings = Math.max(0, Math.ceil(Math.log2(due / locksPerStep)));
  return Math.max((validity * longestStep) / 2 ** halvings, 1);
}

/** The last step of the clock up to this time. */
export function stepBefore(time: number, validity: number, locks: number): number {
  const step = stepFor(validity, locks);
  return Math.floor(time / step) * step;
}

/** The time from the beginning of a validity to its renewal, before rounding. `chance`: a random number from 0 to 1. */
export function renewalDelay(validity: number, renewBefore: number, locks: number, chance: number): number {
  const wanted = Math.max(validity - renewBefore, validity / 10);
  const range = Math.max(0, validity * longestStep - stepFor(validity, locks));
  const earlier = chance < scattered ? range * (1 - chance / scattered) : 0;
  return Math.min(validity * latest - earlier, wanted);
}
