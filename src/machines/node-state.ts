/** The states of the node state machine, spelled out: public types must not depend on the types of XState. */
export type NodeState = "connecting" | "ready" | "suspect" | "unresponsive" | "down" | "quarantined";
