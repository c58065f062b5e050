import type { Locks } from "../../src/api/types.js";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks } from "../../src/create-locks.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { ask } from "../engine/batches.js";
import { groupingOption } from "../support/grouping.js";

/** An event of a manager: its name and its payload. */
export type EmittedEvent = { name: string; event: Record<string, unknown> };

const names = [
  "acquiring",
  "retrying",
  "acquired",
  "renewed",
  "upgraded",
  "quorumLost",
  "expired",
  "released",
  "failed",
  "nodeDown",
  "nodeUp",
  "nodeQuarantined",
] as const;

/** Records all events of a manager, in order. */
export function listen(locks: Locks): EmittedEvent[] {
  const events: EmittedEvent[] = [];
  for (const name of names) locks.on(name, (event: object) => events.push({ name, event: { ...event } }));
  return events;
}

/** Memory nodes and managers that share one virtual clock. */
export class TestNodes {
  readonly clock = new VirtualClock();
  readonly nodes: MemoryNode[];

  /** `name`: the nodes are named `name-0` and so on. A cold start is warned of once for each set of names. */
  constructor(size = 3, name = "node") {
    this.nodes = Array.from({ length: size }, (_, index) =>
      memoryNode(`${name}-${index}`, { clock: this.clock }),
    );
  }

  /** Creates a manager, as in a separate process, over the same nodes and the same clock. */
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

  /** Returns for each node whether the node stores a lock for the resource. */
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

  /** Awaits a promise while virtual time advances in steps of 5 ms, for at most `limit` ms. */
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
