/** The raw results of the scenarios, by their letters. */
export function goalsReport(results: Readonly<Record<string, object>>): string[];
