import { type MemoryNode, memoryNode } from "../../clients/memory/memory-node.js";
import type { NodeInput } from "../../clients/node-input.js";

/** The nodes of the demo, and the faults that can be injected. */
export interface DemoServers {
  readonly names: readonly string[];
  /** The nodes for one worker's locks. */
  nodesOf(worker: string): readonly NodeInput[];
  /** Makes one node fail; returns a description. */
  breakOne(): string;
  /** Restores that node; returns a description. */
  restoreOne(): string;
  /** The text to print when the restored node has the lock like the others. */
  readonly restored: string;
  /** Makes so many nodes fail that no quorum is left; returns a description. */
  breakMajority(): string;
  restoreMajority(): string;
  close(): void;
}

const size = 5;
/** The number of nodes whose failure leaves no quorum of floor(n/2) + 1. */
export const blocking = (nodes: number) => nodes - Math.floor(nodes / 2);

/** Five nodes in this process, which really crash, lose their memory, hang and recover. */
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
    restoreOne: () => `${to(one, (node) => node.restart())} is back, with an empty memory`,
    restored: "has the lock again: a renewal has healed it",
    breakMajority: () => `${to(majority, (node) => node.hang())} hang: no quorum of ${size} is left`,
    restoreMajority: () => `${to(majority, (node) => node.wake())} answer again`,
    close: () => undefined,
  };
}

export const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
