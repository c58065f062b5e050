import type { Locks } from "../../src/api/types.js";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import { createLocks } from "../../src/create-locks.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { seeded } from "../support/chance.js";
import { far } from "../support/far-node.js";

/** What each message of a process to a node, and back, takes, ms: something of its own, and seldom a good deal more. */
const usual = 1.5;
const unusual = 5;

interface Options {
  readonly seed: number;
  readonly size: number;
  readonly processes?: number;
  readonly nodeTimeout?: number;
  readonly losesMessages?: boolean;
}

/** Processes, each with connections of its own to the same memory nodes, and what they went through for the lock "a". */
export class Contention {
  readonly clock = new VirtualClock();
  readonly chance: () => number;
  readonly nodes: MemoryNode[];
  readonly processes: Locks[];
  /** Who got it, in order. */
  readonly order: number[] = [];
  /** ms from each release to the next grant. */
  readonly gaps: number[] = [];
  /** Acquire commands that were sent to any node. */
  asked = 0;
  private freeSince = 0;
  private readonly under: Promise<void>[] = [];

  constructor({ seed, size, processes = 5, nodeTimeout = 100, losesMessages = false }: Options) {
    const { clock } = this;
    const chance = seeded(seed * 7_919 + size);
    for (let i = 0; i < 20; i++) chance();
    this.chance = chance;
    this.nodes = Array.from({ length: size }, () => memoryNode(undefined, { clock }));
    const sees = ({ op }: LockCommand) => {
      if (op === "acquire") this.asked++;
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

  /** The nodes have been met by everybody, and one of them holds the lock until `open` is called. */
  async begin(): Promise<() => void> {
    const { clock, processes } = this;
    const met = processes.map((locks, index) => locks.using(`met by ${index}`, async () => {}));
    await clock.advance(200);
    await Promise.all(met);
    const holding = processes[0]?.acquire("a");
    await clock.advance(50);
    const lease = await holding;
    this.asked = 0;
    return () => {
      this.freeSince = clock.monotonic();
      void lease?.release();
    };
  }

  /** One more wants it, and holds it for up to `hold` ms. */
  want(name: number, process = Math.floor(this.chance() * this.processes.length), hold = 30): void {
    const { clock, chance } = this;
    const wanted = async () => {
      const lease = await this.processes[process]?.acquire("a", { wait: 60_000 });
      this.order.push(name);
      this.gaps.push(clock.monotonic() - this.freeSince);
      await new Promise<void>((resolve) => clock.after(chance() * hold, resolve));
      this.freeSince = clock.monotonic();
      void lease?.release();
    };
    this.under.push(wanted());
  }

  /** Lets virtual time go by until all have had it. */
  async end(limit = 30_000): Promise<void> {
    await this.clock.advance(limit);
    await Promise.all(this.under);
    for (const node of this.nodes) node.wake();
    for (const locks of this.processes) void locks.close();
    await this.clock.advance(1_000);
  }
}
