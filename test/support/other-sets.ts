/**
 * Removes the warnings about other sets of nodes from what a program printed: programs of different tests use the same
 * servers, some one of them and some three.
 */
export const withoutOtherSets = (stderr: string): string =>
  stderr.replace(/\(node:\d+\) \[MEMBERSHIP_MISMATCH\][^\n]*\n[^\n]*\n(\(Use `node[^\n]*\n)?/g, "");
