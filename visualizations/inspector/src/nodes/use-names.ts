import type { NodeUse } from "./node-table.js";

/** How a process uses a node, in words. */
export const useNames: Record<NodeUse, string> = {
  unknown: "not known",
  connecting: "connecting",
  ready: "up",
  unused: "ready, but not asked",
  suspect: "suspect",
  unresponsive: "unresponsive",
  down: "down",
  quarantined: "quarantined",
};
