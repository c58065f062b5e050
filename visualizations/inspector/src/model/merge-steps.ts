import type { Step } from "../../../../src/inspector/feed/frames.js";

const keyOf = ({ time, event, from, to }: Step): string => `${time} ${event} ${from} ${to}`;

/** What the server remembers of a lock, and what was heard since, each step once; oldest first. */
export function mergeSteps(remembered: readonly Step[], heard: readonly Step[]): readonly Step[] {
  if (remembered.length === 0) return heard;
  if (heard.length === 0) return remembered;
  const known = new Set(heard.map(keyOf));
  const older = remembered.filter((step) => !known.has(keyOf(step)));
  return [...older, ...heard].sort((a, b) => a.time - b.time);
}
