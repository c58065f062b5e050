import type { Locks } from "../../src/api/types.js";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks } from "../../src/create-locks.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { seeded } from "../support/chance.js";
import { far } from "../support/far-node.js";

/** ms: the usual and the additional rare delay of each message between a process and a node, at most. */
const usual = 1.5;
const unusual = 5;

interface Options {
  readonly seed: number;
  readonly size: number;
  readonly processes?: number;
  readonly nodeTimeout?: number;
  readonly losesMessages?: boolean;
}

/** Processes that contend for the lock "a", each with its own connections to the same memory nodes. */
export class Contention {
  readonly clock = new VirtualClock();
  readonly chance: () => number;
  readonly nodes: MemoryNode[];
  readonly processes: Locks[];
  /** The names of the callers, in the order of their grants. */
  readonly order: number[] = [];
  /** ms from each release to the next grant. */
  readonly gaps: number[] = [];
  /** Number of acquire commands that were sent to all nodes. */
  acquireCommands = 0;
  private freeSince = 0;
  private readonly pending: Promise<void>[] = [];

  constructor({ seed, size, processes = 5, nodeTimeout = 100, losesMessages = false }: Options) {
    const { clock } = this;
    const chance = seeded(seed * 7_919 + size);
    for (let i = 0; i < 20; i++) chance();
    this.chance = chance;
    this.nodes = Array.from({ length: size }, () => memoryNode(undefined, { clock }));
    const sees = ({ op }: LockCommand) => {
      if (op === "acquire") this.acquireCommands++;
    };
    this.processes = Array.from({ length: processes }, (_, index) => {
      const secret = () => `${index}${String(chance()).slice(2)}`.padEnd(22, "0").slice(0, 22);
      const nodes = this.nodes.map((node) => {
        const least = chance() * usual;
        const delay = () => least + chance() ** 6 * unusual;
        return far(node, clock, { delay, sees, losesMessage: () => losesMessages });
      });
      return createLocks({ nodes, clock, random: { secret, fraction: chance }, nodeTimeout });
    });
  }

  /** Connects every process and acquires the lock. The returned function releases the lock. */
  async begin(): Promise<() => void> {
    const { clock, processes } = this;
    const connected = processes.map((locks, index) => locks.using(`connected by ${index}`, async () => {}));
    await clock.advance(200);
    await Promise.all(connected);
    const holding = processes[0]?.acquire("a");
    await clock.advance(50);
    const lease = await holding;
    this.acquireCommands = 0;
    return () => {
      this.freeSince = clock.monotonic();
      void lease?.release();
    };
  }

  /** Adds a caller that acquires the lock and holds it for up to `hold` ms. */
  addCaller(name: number, process = Math.floor(this.chance() * this.processes.length), hold = 30): void {
    const { clock, chance } = this;
    const acquireAndHold = async () => {
      const lease = await this.processes[process]?.acquire("a", { wait: 60_000 });
      this.order.push(name);
      this.gaps.push(clock.monotonic() - this.freeSince);
      await new Promise<void>((resolve) => clock.after(chance() * hold, resolve));
      this.freeSince = clock.monotonic();
      void lease?.release();
    };
    this.pending.push(acquireAndHold());
  }

  /** Advances virtual time until every caller has held the lock. */
  async end(limit = 30_000): Promise<void> {
    await this.clock.advance(limit);
    await Promise.all(this.pending);
    for (const node of this.nodes) node.wake();
    for (const locks of this.processes) void locks.close();
    await this.clock.advance(1_000);
  }
}
