import { nodeStates } from "./names.js";

/** So many names of nodes are remembered; beyond that the one that was seen longest ago goes. */
const mostNames = 500;

/** What is observed of a node: by state, how many see it so. */
export type StateCounts = ReadonlyMap<(typeof nodeStates)[number], number>;

/**
 * How many see each node in which state. A node that nobody sees any more counts 0 in all of them: what is not observed
 * at all, the SDK would go on telling as it was.
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
      // To the end: the first one is the one that was seen longest ago.
      this.names.delete(name);
      this.names.add(name);
    }
    for (const name of this.names) {
      if (this.names.size > mostNames) this.names.delete(name);
      else if (!counts.has(name)) counts.set(name, zeros());
    }
    return counts;
  }
}

const zeros = () => new Map(nodeStates.map((state) => [state, 0]));
