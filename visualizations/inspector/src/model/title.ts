import type { StateCounts } from "./states.js";

/** Of the browser's tab: how many locks are in use comes first, as tabs are narrow. */
export function titleOf(counts: StateCounts, what: string | undefined): string {
  const inUse = counts.acquiring + counts.held + counts.renewing + counts.releasing;
  const all = inUse + counts.idle + counts.expired;
  return `${inUse} of ${all} in use · ${what ?? "Holdfast"}`;
}
