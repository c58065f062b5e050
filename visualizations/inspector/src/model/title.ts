import type { StateCounts } from "./states.js";

/**
 * The title of the browser's tab. Tabs are narrow, so the number of troubles comes first if there are any, and then the
 * number of locks in use.
 */
export function titleOf(counts: StateCounts, troubles: number, what: string | undefined): string {
  const inUse = counts.acquiring + counts.held + counts.renewing + counts.releasing;
  const all = inUse + counts.idle + counts.expired;
  const alarm = troubles === 0 ? "" : `(${troubles}) `;
  return `${alarm}${inUse} of ${all} in use · ${what ?? "Holdfast"}`;
}
