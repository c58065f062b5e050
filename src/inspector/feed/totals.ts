import type { Totals } from "./frames.js";

/** Every total; a process of an earlier version leaves some out. */
export type TotalCounts = Record<keyof Totals, number>;

export const noTotals: TotalCounts = {
  acquired: 0,
  failed: 0,
  retries: 0,
  asks: 0,
  renewed: 0,
  quorumLost: 0,
  expired: 0,
  released: 0,
};

export const totalNames = Object.keys(noTotals) as readonly (keyof Totals)[];
