/**
 * `inBounds`: only faults that the safety rules cover. `beyond`: also faults that violate their assumptions. Leases may
 * then overlap, and overlaps are counted, but fences must still increase. `membership`: the faults of `inBounds`, while the
 * processes change over from one set of nodes to another. `groups`: as `membership`, for the nodes of one of two groups.
 * `permits`: the faults of `inBounds`, while the processes acquire permits of a semaphore. `kinds`: the same, while they acquire
 * exclusive and shared leases and permits, and are candidates for a leadership.
 */
export const faultClasses = ["inBounds", "beyond", "membership", "groups", "permits", "kinds"] as const;

export type FaultClass = (typeof faultClasses)[number];
