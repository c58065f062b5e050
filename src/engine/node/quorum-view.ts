import type { Membership } from "../protocol/membership.js";
import { type Identification, isOfSingle, type Memory } from "../protocol/memory.js";
import { quorumOf } from "../protocol/quorum.js";

/** The result of one review: the identifications of all nodes, in the order of the nodes. */
export interface QuorumView {
  readonly membership: Membership;
  /** Null for a node that does not answer. */
  readonly identifications: readonly (Identification | null)[];
  /** The previous review, which had ended before this review began; null if there was none. */
  readonly previous: readonly (Identification | null)[] | null;
  /** Whether this process has seen each node with a memory, in the order of the nodes. */
  readonly hadMemory: readonly boolean[];
  /** Duration of this review in ms. An answer may be older than the answers of other nodes by this much. */
  readonly took: number;
  /** The number of consecutive reviews before this one that found nodes which may be about to start. */
  readonly repeats: number;
  /** A long lease counts in this review only if it has been held for at least this many ms. */
  readonly minAge: number;
  /**
   * The nodes that are new to the set, while the nodes are being changed: those outside the previous set. Empty if a set is
   * in use that does without a quorum of the previous set; null if that is not known yet.
   */
  readonly joining: readonly number[] | null;
}

/** The memories of the other nodes that limit what a node may have granted. */
export interface Others {
  readonly memories: readonly Memory[];
  /** Whether every quorum that the node was part of has another member among them. */
  readonly known: boolean;
}

/** Returns the other nodes. Abstaining nodes are included only if the voting nodes are too few. */
export function othersOf(index: number, { membership, identifications }: QuorumView): Others {
  const including = (...states: Memory["state"][]): Others => {
    const memories = identifications.map((identification, other) => {
      const memory = identification?.memory ?? null;
      return other !== index && memory !== null && states.includes(memory.state) ? memory : null;
    });
    const known = membership.setsOf[index]?.every((set) => {
      const { members = [], quorum = 0 } = membership.sets[set] ?? {};
      return members.filter((member) => memories[member]).length > members.length - quorum;
    });
    return { memories: memories.filter((memory) => memory !== null), known: known === true };
  };
  const voting = including("kept");
  return voting.known ? voting : including("kept", "abstaining");
}

/** Whether the node is the only one of its set. */
export const isAlone = ({ membership }: QuorumView): boolean => membership.names.length === 1;

/** Whether every node answers and has lost its memory. A node that does not answer may still have its memory. */
export const isColdStart = ({ identifications }: QuorumView): boolean =>
  identifications.every((identification) => identification?.memory?.state === "lost");

/**
 * Whether one of two nodes is new, and the other was used alone so far. Together they have granted nothing yet, and what
 * the other has granted is respected, because both votes are needed. A node that this process has seen with a memory is
 * not new: it may have granted leases together with the other node, or alone.
 */
export const isNewPair = ({ membership, identifications, hadMemory }: QuorumView): boolean =>
  !membership.joint &&
  identifications.length === 2 &&
  identifications.some(
    (identification, index) => identification?.memory?.state === "lost" && !hadMemory[index],
  ) &&
  identifications.some((identification) => identification?.memory && isOfSingle(identification.memory));

/**
 * Whether the node is new to the set, as all nodes that are new to it are, and a quorum of the previous set has a memory. Such
 * a node may vote at once, because every lease has a quorum of the previous set, which keeps out any other lease.
 */
export const isJoining = (
  index: number,
  { membership, identifications, hadMemory, joining }: QuorumView,
): boolean => {
  const stateOf = (member: number) => identifications[member]?.memory?.state;
  return (
    joining?.includes(index) === true &&
    joining.every((member) => stateOf(member) === "lost" && !hadMemory[member]) &&
    membership.previous.filter((member) => stateOf(member) === "kept").length >=
      quorumOf(membership.previous.length)
  );
};

/**
 * Whether all nodes were without a memory at the same instant: all of them had answered the previous review before this
 * one began, and none has been given a memory since.
 */
export const isConfirmed = ({ identifications, previous }: QuorumView): boolean =>
  previous !== null &&
  identifications.every(
    (identification, index) => identification?.memory?.marker === previous[index]?.memory?.marker,
  );

/** Whether the other nodes suffice, or no further node can be asked because all of them answered. */
export const canTell = (others: Others, view: QuorumView): boolean =>
  others.known || silentOf(view).length === 0;

/** The names of the nodes that did not answer. */
export const silentOf = ({ membership, identifications }: QuorumView): string[] =>
  membership.names.filter((_, index) => identifications[index] === null);
