import type { LockLease } from "../../api/lock-lease.js";
import { locksOf, managerOf } from "../../api/managed-locks.js";
import type { Lease, Locks } from "../../api/types.js";
import type { QuarantineRule } from "../../engine/node/abstention.js";
import type { Lock } from "../../lock/lock.js";
import type { LocksOptions } from "../../lock/options.js";
import { Manager, type Resources } from "../../manager/manager.js";
import { Redlock } from "../../redlock/redlock.js";
import type { Client } from "../../redlock/types.js";
import type { Host } from "./host.js";
import type { Link } from "./link.js";
import type { HostPlan } from "./script.js";

/** A manager whose locks are shown when they are made. */
class WatchedManager extends Manager {
  constructor(
    options: LocksOptions,
    private readonly made: (lock: Lock) => void,
  ) {
    super(options);
  }

  override lock(resources: Resources): Lock {
    const lock = super.lock(resources);
    this.made(lock);
    return lock;
  }
}

/** One life of a process: its connections, and its locks if it is a user of Holdfast. */
export class Program {
  readonly locks: Locks;
  closing = false;
  /** What it is still doing. */
  busy = 0;
  /** Keeps what users would keep: what is collected depends on more than the seed. */
  private readonly made: Lock[] = [];
  private redlocks: Redlock | null = null;

  constructor(
    readonly index: number,
    readonly host: Host,
    readonly plan: HostPlan,
    readonly links: readonly Link[],
    private readonly quarantine: QuarantineRule,
    private readonly onMade: (program: Program, lock: Lock, calls: boolean) => void,
    onQuarantine: (program: Program, node: string) => void,
    own: Partial<LocksOptions> = {},
  ) {
    const { grouping, nodeTimeout, connectTimeout } = plan;
    const options = {
      nodes: links,
      clock: host.clock,
      random: host.random,
      owner: host.name,
      nodeTimeout,
      connectTimeout,
      grouping,
      quarantine,
      ...own,
    };
    const manager = new WatchedManager(options, (lock) => this.note(lock, true));
    this.locks = locksOf(manager);
    this.locks.on("nodeQuarantined", ({ node }) => onQuarantine(this, node));
  }

  /** The Redlock class over the same connections; made when it is used for the first time. */
  get redlock(): Redlock {
    this.redlocks ??= this.makeRedlock();
    return this.redlocks;
  }

  /** ms of true time from its close until all is gone: Redlock's errors tell of every vote, and wait for those for a node timeout. */
  get lingers(): number {
    return this.redlocks === null ? 1 : this.plan.nodeTimeout * 1.1 + 5;
  }

  /** Closes all that it has. */
  async close(timeout?: number): Promise<void> {
    await Promise.all([
      this.locks.close(timeout === undefined ? {} : { timeout }),
      this.redlocks?.quit() ?? Promise.resolve(),
    ]);
  }

  /** What stands in the keys of its own lease; null if it is over. */
  tokenOf(lease: Lease): string | null {
    const own = this.made.find(
      ({ leaseState }) => leaseState !== null && (lease as LockLease).isOf(leaseState),
    );
    return own?.leaseState?.claim.token ?? null;
  }

  /** Whether a lease of its own has this token. */
  holds(token: string): boolean {
    return this.made.some(({ leaseState }) => leaseState?.claim.token === token && leaseState.end === null);
  }

  /** Whether it has nothing to do and holds nothing, or is dead. */
  get idle(): boolean {
    if (this.host.dead) return true;
    return (
      !this.host.frozen &&
      this.busy === 0 &&
      this.made.every(({ state }) => state === "idle" || state === "expired")
    );
  }

  private note(lock: Lock, calls: boolean): void {
    this.made.push(lock);
    this.onMade(this, lock, calls);
  }

  private makeRedlock(): Redlock {
    const { host, links, plan, quarantine } = this;
    const clients = links as readonly unknown[] as Client[];
    const redlock = new Redlock(clients, {
      clock: host.clock,
      random: host.random,
      owner: host.name,
      nodeTimeout: plan.nodeTimeout,
      connectTimeout: plan.connectTimeout,
      quarantine,
    });
    const manager = managerOf(redlock.locks);
    const lock = manager.lock.bind(manager);
    manager.lock = (resources) => {
      const made = lock(resources);
      this.note(made, false);
      return made;
    };
    return redlock;
  }

  /** Its machine goes off. */
  die(): void {
    this.host.die();
    for (const link of this.links) link.end();
    // Nobody hears of it any more; but what is never ended would be missed when it is collected.
    for (const { leaseState } of this.made) if (leaseState !== null) leaseState.end ??= "released";
  }
}
