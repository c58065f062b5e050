import type { LockView } from "../../../../src/inspector/feed/frames.js";

export interface Validity {
  /** Remaining time in ms; 0 when it is over. */
  readonly left: number;
  /** The remaining share of the ttl, 0 to 1. */
  readonly fraction: number;
}

/** Null while nothing is held. `sourceNow`: epoch ms by the clock of the lock's process. */
export function validityOf(
  { validUntil, ttl }: Pick<LockView, "validUntil" | "ttl">,
  sourceNow: number,
): Validity | null {
  if (validUntil === null) return null;
  const left = Math.max(0, validUntil - sourceNow);
  return { left, fraction: ttl === null || ttl <= 0 ? 0 : Math.min(1, left / ttl) };
}
