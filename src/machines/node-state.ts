/** The states of a node's chart, spelled out: public types must not need XState's own. */
export type NodeState = "connecting" | "ready" | "suspect" | "unresponsive" | "down" | "quarantined";
