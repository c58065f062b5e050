/** The options of the library, and what the command line calls them. The first one that fits is taken. */
const names: readonly (readonly [option: string, flag: string])[] = [
  ["`quarantine: false`", "--quarantine off"],
  ["`quarantine`", "--quarantine"],
  ['`otherSets` to "allow"', "--other-sets to allow"],
  ["`nodes`", "--node"],
  ["`previous`", "--previous-node"],
  ["`groups`", "--group"],
  ["`prefix`", "--prefix"],
];

/** Advice of the library, with the names of the command line's options. */
export const inFlags = (advice: string): string =>
  names.reduce((text, [option, flag]) => text.replaceAll(option, flag), advice);
