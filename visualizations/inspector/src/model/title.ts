import type { StateCounts } from "./states.js";

/** The title of the browser's tab. The number of locks in use comes first, because tabs are narrow. */
export function titleOf(counts: StateCounts, what: string | undefined): string {
  const inUse = counts.acquiring + counts.held + counts.renewing + counts.releasing;
  const all = inUse + counts.idle + counts.expired;
  return `${inUse} of ${all} in use · ${what ?? "Holdfast"}`;
}
