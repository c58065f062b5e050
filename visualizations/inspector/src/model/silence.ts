import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";

/** ms without a word; a process tells of itself every second. */
const silentAfter = 4_000;

/** `now`: epoch ms by the clock of whoever looks on. */
export const isSilent = ({ heard, closed }: SourceView, now: number): boolean =>
  !closed && now - heard > silentAfter;
