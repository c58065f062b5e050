import type { LockView } from "./frames.js";

/** Whether nobody else may hold what the lock holds: not so for a shared lease, and for one of several permits. */
export const isExclusive = ({ mode, permits }: LockView): boolean =>
  permits === undefined && (mode === undefined || mode === "exclusive");
