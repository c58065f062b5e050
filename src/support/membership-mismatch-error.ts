import { HoldfastError } from "./holdfast-error.js";

/**
 * Another set of nodes is in use on one of the nodes, and could grant the same locks: a process was left out when the nodes
 * were changed. Only with `otherSets: "refuse"`.
 */
export class MembershipMismatchError extends HoldfastError {
  readonly code = "MEMBERSHIP_MISMATCH";

  override get name(): string {
    return "MembershipMismatchError";
  }

  constructor(
    message: string,
    /** The name of the node on which the other set was found. */
    readonly node: string,
  ) {
    super(message);
  }
}
