import type { Locks } from "../../src/api/types.js";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks } from "../../src/create-locks.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { ask } from "../engine/batches.js";
import { groupingOption } from "../support/grouping.js";

/** Every event of a manager, in order: its name, and what it carried. */
export type Heard = { name: string; event: Record<string, unknown> };

const names = [
  "acquiring",
  "retrying",
  "acquired",
  "renewed",
  "quorumLost",
  "expired",
  "released",
  "failed",
  "nodeDown",
  "nodeUp",
  "nodeQuarantined",
] as const;

export function listen(locks: Locks): Heard[] {
  const heard: Heard[] = [];
  for (const name of names) locks.on(name, (event: object) => heard.push({ name, event: { ...event } }));
  return heard;
}

/** Memory nodes and managers of one virtual time. */
export class TestNodes {
  readonly clock = new VirtualClock();
  readonly nodes: MemoryNode[];

  constructor(size = 3) {
    this.nodes = Array.from({ length: size }, (_, index) =>
      memoryNode(`node-${index}`, { clock: this.clock }),
    );
  }

  /** A process of its own: same nodes, same time. */
  locks(options: Partial<LocksOptions> = {}): Locks {
    return createLocks({
      ...groupingOption(),
      nodes: this.nodes,
      clock: this.clock,
      owner: "me",
      ...options,
    });
  }

  node(index: number): MemoryNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** Which of the nodes hold the resource. */
  async holders(resource: string): Promise<boolean[]> {
    const command = { op: "inspect", keys: [resource] } as const;
    return Promise.all(
      this.nodes.map(async (node) => {
        if (node.connection !== "ready") return false;
        const reply = await ask(node, { command, wanted: () => true });
        return reply.kind === "report" && reply.keys[0]?.holder !== null;
      }),
    );
  }

  /** Settles a promise while virtual time goes by, in steps of 5 ms, for at most `limit` ms. */
  async run<T>(promise: Promise<T>, limit = 60_000): Promise<T> {
    let over = false;
    const finish = () => {
      over = true;
    };
    promise.then(finish, finish);
    await settle();
    for (let spent = 0; !over && spent < limit; spent += 5) await this.clock.advance(5);
    if (!over) throw new Error(`still pending after ${limit} ms of virtual time`);
    return promise;
  }
}

export { settle };
