import type { NodeInput } from "../clients/node-input.js";
import { recogniseNode } from "../clients/recognise.js";
import type { LockNode } from "../engine/node/lock-node.js";
import { mismatchAdvice, mismatchMessage } from "../engine/protocol/mismatch.js";
import {
  DuplicateNodeError,
  type HoldfastError,
  InvalidOptionError,
  MembershipMismatchError,
} from "../errors.js";
import type { NodeFindings } from "../lock/manager-context.js";
import type { LocksOptions } from "../lock/options.js";
import { kindOf } from "../support/redaction.js";
import { isList } from "../support/untrusted.js";

/** How the nodes of a manager are checked. */
interface NodeSetUse {
  /** Whether the nodes may have different key prefixes and databases, because every program lists them alike. */
  readonly mixedKeyspaces?: boolean;
  /** The group of the nodes, if resources are spread over several groups, and what was found out about all groups. */
  readonly group?: { readonly name: string; readonly findings: NodeFindings } | undefined;
  /** Returns the node for an entry of a list. Default: `recogniseNode`. */
  readonly recognise?: typeof recogniseNode | undefined;
}

/** The nodes of a manager. */
export class NodeSet {
  /** The nodes of `nodes`, and after them those that are only in `previous`. */
  readonly nodes: readonly LockNode[];
  /** The indices of the nodes in `nodes` and, if it is given, of those in `previous`. */
  readonly sets: readonly (readonly number[])[];
  private duplicate: DuplicateNodeError | null = null;
  private conflict: InvalidOptionError | null | undefined;

  /** Recognises the nodes in the options. @throws InvalidOptionError, DuplicateNodeError. */
  constructor(
    { nodes, previous }: LocksOptions,
    private readonly use: NodeSetUse = {},
  ) {
    const suffix = use.group === undefined ? "" : `.${use.group.name}`;
    const recognise = use.recognise ?? recogniseNode;
    const current = nodesOf(recognise, use.group === undefined ? "nodes" : `groups${suffix}`, nodes);
    const members = current.map((_, index) => index);
    if (previous === undefined) {
      this.nodes = current;
      this.sets = [members];
    } else {
      const before = nodesOf(recognise, `previous${suffix}`, previous, nodes);
      if (before.length === nodes.length && before.every((node) => node === null)) throw unchanged(nodes);
      const removed = before.filter((node) => node !== null);
      this.nodes = [...current, ...removed];
      const indexOf = (node: LockNode | null, at: number) =>
        node === null ? nodes.indexOf(previous[at] as NodeInput) : current.length + removed.indexOf(node);
      this.sets = [members, before.map(indexOf)];
    }
    const conflict = this.keyspaceConflict();
    if (conflict !== null) throw conflict;
  }

  /** Returns why these nodes must not grant a lock together, or null. */
  refusal(own: NodeFindings): HoldfastError | null {
    const { otherSet } = this.allFindings(own);
    if (otherSet !== null)
      return new MembershipMismatchError(
        `${mismatchMessage(otherSet)}. ${mismatchAdvice(otherSet)}`,
        otherSet.node,
      );
    return this.lastingRefusal(own);
  }

  /** Returns why these nodes can never grant a lock together, or null. `duplicate`: the names of two nodes that are the same server. */
  lastingRefusal(own: NodeFindings): HoldfastError | null {
    const { duplicate } = this.allFindings(own).admission;
    if (duplicate === null) return this.knownConflict();
    this.duplicate ??= new DuplicateNodeError(duplicate, this.sets.length > 1);
    return this.duplicate;
  }

  private allFindings(own: NodeFindings): NodeFindings {
    return this.use.group?.findings ?? own;
  }

  /** The result is kept only when all keyspaces are known: some clients know their database only once they are connected. */
  private knownConflict(): InvalidOptionError | null {
    if (this.conflict !== undefined) return this.conflict;
    const conflict = this.keyspaceConflict();
    if (conflict !== null || this.nodes.every(({ keyspace }) => keyspace !== null)) this.conflict = conflict;
    return conflict;
  }

  private keyspaceConflict(): InvalidOptionError | null {
    const { mixedKeyspaces = false, group } = this.use;
    const prefixed = group === undefined ? null : prefixedNode(this.nodes);
    return prefixed ?? (mixedKeyspaces ? null : conflictOf(this.nodes));
  }
}

/** Recognises the nodes of one list. Null: the node is in `shared` too. */
function nodesOf(recognise: typeof recogniseNode, list: string, given: LocksOptions["nodes"]): LockNode[];
function nodesOf(
  recognise: typeof recogniseNode,
  list: string,
  given: LocksOptions["previous"],
  shared: readonly NodeInput[],
): (LockNode | null)[];
function nodesOf(
  recognise: typeof recogniseNode,
  list: string,
  given: readonly NodeInput[] | undefined,
  shared: readonly NodeInput[] = [],
): (LockNode | null)[] {
  if (!isList(given) || given.length === 0) {
    const allowed = list.startsWith("previous")
      ? "the list of the nodes before the change, or left out if the nodes are not being changed"
      : "a list of at least one client, address or memoryNode()";
    // The value may be an address with a password, so the message shows only its kind.
    throw new InvalidOptionError(list, given, allowed, kindOf(given));
  }
  const recognised = Array.from(given, (input, index) =>
    shared.includes(input) ? null : recognise(input, index, list),
  );
  for (const [index, input] of given.entries()) {
    const first = given.indexOf(input);
    const nameOf = (at: number) => recognised[at]?.name ?? `${list}[${at}]`;
    if (first !== index) throw new DuplicateNodeError([nameOf(first), nameOf(index)]);
  }
  return recognised;
}

const unchanged = (nodes: readonly NodeInput[]) =>
  new InvalidOptionError(
    "previous",
    nodes,
    "the nodes before the change; it has the same nodes as `nodes`, so leave it out",
    kindOf(nodes),
  );

/** Returns an error if a client is known to add a key prefix of its own: which group a lock is in would not depend on its key alone. */
function prefixedNode(nodes: readonly LockNode[]): InvalidOptionError | null {
  const node = nodes.find(({ keyspace }) => keyspace !== null && keyspace.prefix !== "");
  if (node === undefined) return null;
  return new InvalidOptionError(
    "groups",
    node.name,
    "clients without a key prefix of their own: give the prefix to createLocks (`prefix`) instead " +
      `(${node.name} has key prefix ${JSON.stringify(node.keyspace?.prefix)})`,
  );
}

/** Returns an error if two nodes are known to store a lock under different keys or in different databases, else null. */
function conflictOf(nodes: readonly LockNode[]): InvalidOptionError | null {
  const known = nodes.filter((node) => node.keyspace !== null);
  const [first] = known;
  for (const node of known) {
    const same = node.keyspace?.prefix === first?.keyspace?.prefix;
    if (same && node.keyspace?.database === first?.keyspace?.database) continue;
    const show = (of: LockNode | undefined) =>
      `${of?.name} has key prefix ${JSON.stringify(of?.keyspace?.prefix)} and database ${of?.keyspace?.database}`;
    return new InvalidOptionError(
      "nodes",
      `${first?.name} and ${node.name}`,
      "clients with the same key prefix and the same database, or they lock different keys " +
        `(${show(first)}, ${show(node)})`,
    );
  }
  return null;
}
