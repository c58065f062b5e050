import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { topState } from "./states.js";

const leased: ReadonlySet<string> = new Set(["held", "renewing", "upgrading"]);

/**
 * The lock to show if the user has chosen none: the first that is held, else the first. `rows`: in the list's order.
 */
export const firstShown = (rows: readonly LockView[]): LockView | null =>
  rows.find(({ state }) => leased.has(topState(state))) ?? rows[0] ?? null;
