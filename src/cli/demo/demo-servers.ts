import { type MemoryNode, memoryNode } from "../../clients/memory/memory-node.js";
import type { NodeInput } from "../../clients/node-input.js";

/** The nodes that the workers lock on, and what can be done to them. */
export interface DemoServers {
  readonly names: readonly string[];
  /** For one worker's locks. */
  nodesOf(worker: string): readonly NodeInput[];
  /** Takes one node away; says what was done. */
  breakOne(): string;
  /** Brings it back. */
  mendOne(): string;
  /** What to say once it has the lock like the others. */
  readonly mended: string;
  /** Takes so many away that no quorum is left. */
  breakMajority(): string;
  mendMajority(): string;
  close(): void;
}

const size = 5;
/** So many, and the rest is no quorum, which takes floor(n/2) + 1. */
export const blocking = (nodes: number) => nodes - Math.floor(nodes / 2);

/** Five nodes in this process: they really crash, forget, hang and wake. */
export function memoryServers(): DemoServers {
  const nodes = Array.from({ length: size }, (_, index) => memoryNode(`node-${index + 1}`));
  const one = nodes.slice(-1);
  const majority = nodes.slice(0, blocking(size));
  const to = (some: readonly MemoryNode[], act: (node: MemoryNode) => void) => {
    some.forEach(act);
    return listed(some.map(({ name }) => name));
  };
  return {
    names: nodes.map(({ name }) => name),
    nodesOf: () => nodes,
    breakOne: () => `${to(one, (node) => node.crash())} crashed`,
    mendOne: () => `${to(one, (node) => node.restart())} is back, with an empty memory`,
    mended: "has the lock again: a renewal has healed it",
    breakMajority: () => `${to(majority, (node) => node.hang())} hang: no quorum of ${size} is left`,
    mendMajority: () => `${to(majority, (node) => node.wake())} answer again`,
    close: () => undefined,
  };
}

export const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
