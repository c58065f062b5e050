/**
 * The attributes of spans and metrics. Metric attributes have few values: never a resource, an owner or an
 * acquisition.
 */
export const attributes = {
  /** The stable code of a HoldfastError, "aborted", or "_OTHER"; absent if nothing failed. */
  errorType: "error.type",
  /** Why an attempt or a vote failed, or why a lease was lost. */
  reason: "holdfast.reason",
  /** How a hold ended: "released", "expired" or "handedOver". */
  outcome: "holdfast.outcome",
  lockState: "holdfast.lock.state",
  /** The group of nodes; absent without groups. */
  group: "holdfast.group",
  node: "holdfast.node.name",
  nodeState: "holdfast.node.state",
  processState: "holdfast.process.state",
  // OpenTelemetry's conventions for databases.
  system: "db.system.name",
  operation: "db.operation.name",
  batchSize: "db.operation.batch.size",
  serverAddress: "server.address",
  serverPort: "server.port",
} as const;

/** The states of locks that are in use. */
export const statesInUse = ["acquiring", "held", "renewing", "upgrading", "releasing"] as const;

export const nodeStates = ["connecting", "ready", "suspect", "unresponsive", "down", "quarantined"] as const;

/** The instrumentation scope. */
export const scope = "holdfast";
