import { onTestFinished } from "vitest";
import type { Locks } from "../../src/api/types.js";
import { createLocks } from "../../src/create-locks.js";
import type { GroupedLocksOptions, NodeGroups } from "../../src/lock/options.js";
import { TestNodes } from "../manager/test-nodes.js";

/** Memory nodes in groups of three, "node-0" to "node-2" in the group "1", and so on, on one virtual clock. */
export class GroupNodes extends TestNodes {
  constructor(
    private readonly count = 2,
    name = "node",
  ) {
    super(3 * count, name);
  }

  /** The nodes with these numbers. */
  pick(...indices: readonly number[]) {
    return indices.map((index) => this.node(index));
  }

  /** Groups of three nodes each. */
  get groups() {
    return Array.from({ length: this.count }, (_, group) =>
      this.pick(3 * group, 3 * group + 1, 3 * group + 2),
    );
  }

  /** Locks of all groups, as in a process of its own. */
  grouped(options: Partial<GroupedLocksOptions> = {}): Locks {
    const groups: NodeGroups = this.groups;
    const locks = createLocks({
      groups,
      clock: this.clock,
      owner: "me",
      ttl: 1_000,
      nodeTimeout: 100,
      ...options,
    });
    onTestFinished(() => void locks.close({ timeout: 0 }));
    return locks;
  }

  /** The first resource, of "r0", "r1" and so on, that is in the group. */
  async resourceIn(locks: Locks, group: string, prefix = "r"): Promise<string> {
    for (let index = 0; index < 1_000; index++) {
      const resource = `${prefix}${index}`;
      const inspection = await this.run(locks.inspect(resource));
      if (inspection.group === group) return resource;
    }
    throw new Error(`no resource is in group ${group}`);
  }
}
