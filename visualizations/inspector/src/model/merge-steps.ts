import type { Step } from "../../../../src/inspector/feed/frames.js";

const keyOf = ({ time, event, from, to }: Step): string => `${time} ${event} ${from} ${to}`;

/** Merges the steps that the server remembers with the steps that the page received, each step once, oldest first. */
export function mergeSteps(remembered: readonly Step[], received: readonly Step[]): readonly Step[] {
  if (remembered.length === 0) return received;
  if (received.length === 0) return remembered;
  const known = new Set(received.map(keyOf));
  const older = remembered.filter((step) => !known.has(keyOf(step)));
  return [...older, ...received].sort((a, b) => a.time - b.time);
}
