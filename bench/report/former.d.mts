/** The raw results of the scenarios, by their letters. */
export function formerReport(results: Readonly<Record<string, object>>): string[];
