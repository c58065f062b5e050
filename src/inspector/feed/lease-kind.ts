import type { LockView } from "./frames.js";

/** Whether others may hold what the lock holds, in the same mode. */
export const isShared = ({ mode }: Pick<LockView, "mode">): boolean => mode === "shared";

/** Whether the lock takes permits of a semaphore. */
export const isPermit = ({ permits }: Pick<LockView, "permits">): boolean => permits !== undefined;

const leaseStates: ReadonlySet<string> = new Set(["held", "renewing", "upgrading"]);

/** Whether a lock in this state has a lease, which it may be releasing. */
export const isHolding = (path: string): boolean => isLeaseState(path) || path.startsWith("releasing");

/** Whether a lock has a lease that it has not begun to release. `path`: its state with the substate, "renewing.asking". */
export const isLeaseState = (path: string): boolean => leaseStates.has(path.split(".", 1)[0] ?? "");
