import type { LockNode } from "../../engine/node/lock-node.js";

/** A case that is given its node. */
export interface NodeCase {
  readonly name: string;
  run(node: LockNode): Promise<void>;
}

/** The cases of one subject, in order. */
export const cases = (
  subject: string,
  named: Readonly<Record<string, (node: LockNode) => Promise<void>>>,
): readonly NodeCase[] => Object.entries(named).map(([name, run]) => ({ name: `${subject} ${name}`, run }));
