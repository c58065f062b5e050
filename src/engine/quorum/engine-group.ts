import type { KnownServers } from "../node/server-identity.js";

/** What an engine shares with the engines of other groups of nodes, if resources are spread over several groups. */
export interface EngineGroup {
  /** Describes the group in the record of sets; see {@link groupLabel}. */
  readonly label: string;
  /** The identified servers of all groups, so that a server in two groups is detected. */
  readonly knownServers: KnownServers;
  /**
   * Called when something is first acquired in this group. Every group then records that it is used: to a process with other
   * groups, the same lock may be on any of the nodes.
   */
  begun(): void;
  /** This group has recorded that it is used. Resolves when all groups have, as far as their nodes can be asked. */
  recorded(): Promise<void>;
}
