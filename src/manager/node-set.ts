import { recogniseNode } from "../clients/recognise.js";
import type { LockNode } from "../engine/node/lock-node.js";
import { DuplicateNodeError, type HoldfastError, InvalidOptionError } from "../errors.js";
import type { LocksOptions } from "../lock/options.js";
import { kindOf } from "../support/redaction.js";
import { isList } from "../support/untrusted.js";

/** The nodes of a manager. */
export class NodeSet {
  readonly nodes: readonly LockNode[];
  private found: HoldfastError | null | undefined;

  /** Recognises the nodes in the options. @throws InvalidOptionError, DuplicateNodeError. */
  constructor(
    { nodes }: LocksOptions,
    /** Whether the nodes may have different key prefixes and databases, because every program lists them alike. */
    private readonly mixedKeyspaces: boolean,
  ) {
    this.nodes = nodesOf(nodes);
    const conflict = this.keyspaceConflict();
    if (conflict !== null) throw conflict;
  }

  /**
   * Returns why these nodes can never grant a lock together, or null. `duplicate`: the names of two nodes that are the same
   * server. The result is kept only when all keyspaces are known, because some clients know their database only once they
   * are connected.
   */
  refusal(duplicate: readonly [string, string] | null): HoldfastError | null {
    if (this.found !== undefined) return this.found;
    const found = duplicate === null ? this.keyspaceConflict() : new DuplicateNodeError(duplicate);
    if (found !== null || this.nodes.every(({ keyspace }) => keyspace !== null)) this.found = found;
    return found;
  }

  private keyspaceConflict(): InvalidOptionError | null {
    return this.mixedKeyspaces ? null : conflictOf(this.nodes);
  }
}

function nodesOf(nodes: LocksOptions["nodes"]): LockNode[] {
  if (!isList(nodes) || nodes.length === 0) {
    const allowed = "a list of at least one client, address or memoryNode()";
    // The value may be an address with a password, so the message shows only its kind.
    throw new InvalidOptionError("nodes", nodes, allowed, kindOf(nodes));
  }
  const recognised = Array.from(nodes, (input, index) => recogniseNode(input, index));
  for (const [index, input] of nodes.entries()) {
    const first = nodes.indexOf(input);
    const names = [recognised[first]?.name ?? "", recognised[index]?.name ?? ""] as const;
    if (first !== index) throw new DuplicateNodeError(names);
  }
  return recognised;
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
