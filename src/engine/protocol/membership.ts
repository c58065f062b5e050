import { canReachQuorum, quorumOf } from "./quorum.js";
import type { Vote } from "./vote.js";

/** A set of nodes that decides by its own quorum. */
interface MemberSet {
  /** The indices of the nodes, ascending. */
  readonly members: readonly number[];
  readonly quorum: number;
}

/**
 * The sets of nodes whose quorums must all agree. There is one set, unless the nodes are being changed: then the new and
 * the previous set must agree (joint consensus: Ongaro, "Consensus: Bridging Theory and Practice", 2014, section 4.3).
 */
export class Membership {
  readonly sets: readonly MemberSet[];
  /** The positions in `sets` of each node's sets, by the index of the node. */
  readonly setsOf: readonly (readonly number[])[];
  private readonly indices: ReadonlyMap<string, number>;

  constructor(
    /** The names of all nodes, in the order of the engine. */
    readonly names: readonly string[],
    /** The nodes of the current set and, while the nodes are being changed, of the previous set. Default: one set of all. */
    sets: readonly (readonly number[])[] = [names.map((_, index) => index)],
  ) {
    this.sets = sets.map((members) => ({ members, quorum: quorumOf(members.length) }));
    this.setsOf = names.map((_, index) =>
      sets.flatMap((members, set) => (members.includes(index) ? [set] : [])),
    );
    this.indices = new Map(names.map((name, index) => [name, index]));
  }

  /** The nodes of the previous set; empty if the nodes are not being changed. */
  get previous(): readonly number[] {
    return this.sets[1]?.members ?? [];
  }

  /** Whether two sets must agree. */
  get joint(): boolean {
    return this.sets.length > 1;
  }

  /** Whether the nodes for which `agrees` is true include a quorum of each set. */
  isQuorum(agrees: (member: number) => boolean): boolean {
    return this.sets.every(({ members, quorum }) => members.filter(agrees).length >= quorum);
  }

  /** Whether the nodes with these names include a quorum of each set. */
  isQuorumOf(names: readonly string[]): boolean {
    return this.isQuorum((member) => names.includes(this.names[member] ?? ""));
  }

  /**
   * Whether a later round can reach a quorum of each set, unless somebody removes the cause of a failure that does not end
   * by itself.
   */
  canReachQuorum(votes: readonly Vote[]): boolean {
    return this.votesBySet(votes).every((set) => canReachQuorum(set.votes, set.nodes));
  }

  /** The votes of each set, with the number of its nodes. */
  votesBySet(votes: readonly Vote[]): { readonly votes: readonly Vote[]; readonly nodes: number }[] {
    return this.sets.map(({ members }) => ({
      nodes: members.length,
      votes: this.joint ? votes.filter(({ node }) => members.includes(this.indices.get(node) ?? -1)) : votes,
    }));
  }
}
