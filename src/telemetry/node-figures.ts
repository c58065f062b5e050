import { nodeStates } from "./names.js";

/** Maximum number of node names; beyond it the name that was seen longest ago is dropped. */
const maxNames = 500;

/** By state, the number of managers that see a node in that state. */
export type StateCounts = ReadonlyMap<(typeof nodeStates)[number], number>;

/**
 * Counts how many managers see each node in which state. A node that no manager sees any more counts 0 in every
 * state, because the SDK would keep exporting the last value.
 */
export class NodeFigures {
  private readonly names = new Set<string>();

  count(
    seen: Iterable<{ readonly name: string; readonly state: (typeof nodeStates)[number] }>,
  ): Map<string, StateCounts> {
    const counts = new Map<string, Map<(typeof nodeStates)[number], number>>();
    for (const { name, state } of seen) {
      const states = counts.get(name) ?? zeros();
      counts.set(name, states.set(state, (states.get(state) ?? 0) + 1));
      // Moves the name to the end: the first name is the one that was seen longest ago.
      this.names.delete(name);
      this.names.add(name);
    }
    for (const name of this.names) {
      if (this.names.size > maxNames) this.names.delete(name);
      else if (!counts.has(name)) counts.set(name, zeros());
    }
    return counts;
  }
}

const zeros = () => new Map(nodeStates.map((state) => [state, 0]));
