import { setTimeout as sleep } from "node:timers/promises";
import { isHoldfastError, type Lease, type Locks, type NodeInput } from "../../src/index.js";
import { ageSets } from "../support/age-sets.js";
import { clients, locksOf, uniqueName } from "./support.js";

/** The nodes of all managers during one stage of a change, by their indices. */
export interface Stage {
  readonly nodes: readonly number[];
  readonly previous?: readonly number[];
}

/** Managers at work at the same time. One uses ioredis and the next node-redis. */
const managers = 4;
/** Resources that each manager holds for as long as it exists. */
const heldEach = 3;
/** Resources that all managers lock for a short time, again and again. */
const contended = 3;
/** Turns of each manager during a stage. */
const turnsEach = 25;

interface Worker {
  readonly locks: Locks;
  /** Resolves when the worker holds its resources and has had its turns. */
  readonly busy: Promise<void>;
  /** Ends the turns, releases everything, and closes the locks. */
  stop(): Promise<void>;
}

/** Managers that are replaced one by one, as processes are restarted one by one, and a witness of what they do. */
export class Fleet {
  turns = 0;
  overlaps = 0;
  readonly lost: string[] = [];
  readonly errors: unknown[] = [];
  private workers: Worker[] = [];
  private readonly inside = new Set<string>();
  private readonly fences = new Map<string, number>();
  private readonly prefix = uniqueName();

  constructor(private readonly ports: readonly number[]) {}

  /** Replaces the managers one by one. The next one begins before the former one ends. */
  async moveTo(stage: Stage): Promise<void> {
    for (let index = 0; index < managers; index++) {
      const worker = this.start(index, stage);
      await this.workers[index]?.stop();
      this.workers[index] = worker;
    }
    await Promise.all(this.workers.map(({ busy }) => busy));
  }

  /** Lets this many ms pass, as far as the servers' records of sets are concerned. The present set stays in use. */
  async pass(ms: number): Promise<void> {
    await Promise.all(this.ports.map((port) => ageSets(clients.ioredis(port), ms)));
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  private start(index: number, { nodes, previous }: Stage): Worker {
    const open = index % 2 === 0 ? clients.ioredis : clients.nodeRedis;
    const opened = this.ports.map((port) => open(port) as NodeInput);
    const pick = (indices: readonly number[]) => indices.flatMap((at) => opened[at] ?? []);
    const locks = locksOf(pick(nodes) as never, {
      prefix: this.prefix,
      owner: `manager-${index}`,
      wait: 60_000,
      ...(previous === undefined ? {} : { previous: pick(previous) }),
    });
    locks.on("expired", ({ resources, reason }) => this.lost.push(`${resources}: ${reason}`));
    const stopping = new AbortController();
    const held = this.hold(locks, index);
    const took = this.takeTurns(locks, index, stopping.signal);
    const stop = async () => {
      stopping.abort();
      await took.ended;
      for (const [resource, lease] of await held) {
        this.inside.delete(resource);
        await lease.release();
      }
      await locks.close();
    };
    return { locks, busy: Promise.all([held, took.enough]).then(() => undefined), stop };
  }

  /** Acquires the resources of one manager, which its predecessor may still hold. */
  private async hold(locks: Locks, index: number): Promise<[string, Lease][]> {
    const resources = Array.from({ length: heldEach }, (_, at) => `held-${index}-${at}`);
    const leases = await Promise.all(
      resources.map(async (resource): Promise<[string, Lease][]> => {
        const lease = await locks.acquire(resource).catch((error: unknown) => void this.errors.push(error));
        if (!lease) return [];
        this.enter(resource);
        return [[resource, lease]];
      }),
    );
    return leases.flat();
  }

  private takeTurns(locks: Locks, index: number, stopping: AbortSignal) {
    let count = 0;
    let hadEnough = () => {};
    const enough = new Promise<void>((resolve) => {
      hadEnough = resolve;
    });
    const run = async () => {
      while (!stopping.aborted) {
        await this.turn(locks, `short-${(count + index) % contended}`);
        if (++count === turnsEach) hadEnough();
      }
    };
    return { enough, ended: run() };
  }

  private async turn(locks: Locks, resource: string): Promise<void> {
    try {
      await locks.using(resource, { fence: true }, async ({ fence }) => {
        this.enter(resource);
        if (fence <= (this.fences.get(resource) ?? 0))
          this.errors.push(`${resource}: the fence ${fence} is not higher`);
        this.fences.set(resource, fence);
        await sleep(2);
        this.inside.delete(resource);
        this.turns++;
      });
    } catch (error) {
      if (!isHoldfastError(error, "MANAGER_CLOSED")) this.errors.push(error);
    }
  }

  private enter(resource: string): void {
    if (this.inside.has(resource)) this.overlaps++;
    this.inside.add(resource);
  }
}
