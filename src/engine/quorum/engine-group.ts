import type { KnownServers } from "../node/server-identity.js";

/** What an engine shares with the engines of other groups of nodes, if resources are spread over several groups. */
export interface EngineGroup {
  /** Describes the group, and the nodes of the others, in the record of sets; see {@link describeGroup}. */
  describe(): string;
  /** The identified servers of all groups, so that a server in two groups is detected. */
  readonly knownServers: KnownServers;
  /**
   * Called when something is first acquired in this group. Every group then records that it is used: to a process with other
   * groups, the same lock may be on any of the nodes.
   */
  begun(): void;
  /** A node of this group has been identified, so the descriptions of all groups may have changed. */
  identified(): void;
  /** This group has recorded that it is used. Resolves when all groups have, as far as their nodes can be asked. */
  recorded(): Promise<void>;
}
