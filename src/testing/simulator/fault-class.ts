/**
 * `inBounds`: only faults that the safety rules cover. `beyond`: also faults that violate their assumptions. Leases may
 * then overlap, and overlaps are counted, but fences must still increase. `membership`: the faults of `inBounds`, while the
 * processes change over from one set of nodes to another. `groups`: as `membership`, for the nodes of one of two groups.
 */
export type FaultClass = "inBounds" | "beyond" | "membership" | "groups";

export const faultClasses: readonly FaultClass[] = ["inBounds", "beyond", "membership", "groups"];
