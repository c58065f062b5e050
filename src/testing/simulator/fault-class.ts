/**
 * `inBounds`: only faults that the safety rules cover. `beyond`: also faults that violate their assumptions. Leases may
 * then overlap, and overlaps are counted, but fences must still increase.
 */
export type FaultClass = "inBounds" | "beyond";
