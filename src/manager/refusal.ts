/** The chart's event for each reason why a round did not succeed. */
export const refusalTypes = { contended: "DENIED", noQuorum: "NO_QUORUM", tooSlow: "TOO_SLOW" } as const;
