import type { LockLease } from "../../api/lock-lease.js";
import { locksOf, managerOf } from "../../api/managed-locks.js";
import type { Lease, Locks } from "../../api/types.js";
import type { QuarantineRule } from "../../engine/node/abstention.js";
import { groupsOf } from "../../groups/group-list.js";
import { GroupManagers } from "../../groups/group-managers.js";
import { GroupedLocks } from "../../groups/grouped-locks.js";
import type { Lock } from "../../lock/lock.js";
import type { GroupedLocksOptions, LocksOptions } from "../../lock/options.js";
import { Manager } from "../../manager/manager.js";
import { Redlock } from "../../redlock/redlock.js";
import type { Client } from "../../redlock/types.js";
import { election } from "./generate-kinds.js";
import type { Host } from "./host.js";
import type { Link } from "./link.js";
import type { Stage } from "./membership-change.js";
import type { HostPlan } from "./script.js";

/** Calls `onCreated` with each lock that the manager creates from now on. */
function watchLocks({ factory }: Manager, onCreated: (lock: Lock) => void): void {
  const noted = (lock: Lock) => {
    onCreated(lock);
    return lock;
  };
  const create = factory.lock.bind(factory);
  factory.lock = (...given) => noted(create(...given));
  const createForPermits = factory.permits.bind(factory);
  factory.permits = (...given) => noted(createForPermits(...given));
}

/** The nodes of a process, or its groups of nodes, and options of its own. */
export type ProgramNodes = LocksOptions | GroupedLocksOptions;

/** Creates the locks, and calls `watch` with each of their managers. */
function openLocks(options: ProgramNodes, watch: (manager: Manager) => void): Locks {
  const groups = groupsOf(options);
  if (groups === null) {
    const manager = new Manager(options as LocksOptions);
    watch(manager);
    return locksOf(manager);
  }
  const grouped = new GroupManagers(options as GroupedLocksOptions, groups);
  grouped.managers.forEach(watch);
  return new GroupedLocks(grouped) as Locks;
}

/** One incarnation of a process: its connections, and its locks if the process uses Holdfast. */
export class Program {
  readonly locks: Locks;
  closing = false;
  /** The number of actions in progress. */
  busy = 0;
  /** Strong references to the locks: garbage collection does not depend on the seed, so it must not affect the run. */
  private readonly created: Lock[] = [];
  private redlocks: Redlock | null = null;

  constructor(
    readonly index: number,
    readonly host: Host,
    readonly plan: HostPlan,
    readonly links: readonly Link[],
    private readonly quarantine: QuarantineRule,
    private readonly onLockCreated: (program: Program, lock: Lock, expectsOnLost: boolean) => void,
    onQuarantine: (program: Program, node: string) => void,
    own: ProgramNodes,
    /** Which sets of nodes the process uses; null if the nodes are not changed. */
    readonly stage: Stage | null = null,
  ) {
    const { grouping, nodeTimeout, connectTimeout } = plan;
    const options = {
      clock: host.clock,
      random: host.random,
      owner: host.name,
      nodeTimeout,
      connectTimeout,
      grouping,
      quarantine,
      ...own,
    };
    // A candidate is told by its election instead.
    const isCandidate = ({ resources }: Lock) => resources[0] === election;
    this.locks = openLocks(options, (manager) =>
      watchLocks(manager, (lock) => this.note(lock, !isCandidate(lock))),
    );
    this.locks.on("nodeQuarantined", ({ node }) => onQuarantine(this, node));
  }

  /** A Redlock object over the same connections, created on first use. */
  get redlock(): Redlock {
    this.redlocks ??= this.makeRedlock();
    return this.redlocks;
  }

  /** Maximum delay in ms of true time from the close until nothing is left: a Redlock error waits a node timeout for all votes. */
  get closeDelayMs(): number {
    return this.redlocks === null ? 1 : this.plan.nodeTimeout * 1.1 + 5;
  }

  /** Closes all locks. `timeout` in ms. */
  async close(timeout?: number): Promise<void> {
    await Promise.all([
      this.locks.close(timeout === undefined ? {} : { timeout }),
      this.redlocks?.quit() ?? Promise.resolve(),
    ]);
  }

  /** Returns the token of a lease of this program; null if the lease has ended. */
  tokenOf(lease: Lease): string | null {
    const own = this.created.find(
      ({ leaseState }) => leaseState !== null && (lease as LockLease).isOf(leaseState),
    );
    return own?.leaseState?.claim.token ?? null;
  }

  /** Whether the program holds a lease with this token. */
  holds(token: string): boolean {
    return this.created.some(
      ({ leaseState }) => leaseState?.claim.token === token && leaseState.end === null,
    );
  }

  /** Whether the program has no action in progress and no active lock, or is dead. */
  get idle(): boolean {
    if (this.host.dead) return true;
    return (
      !this.host.frozen &&
      this.busy === 0 &&
      this.created.every(({ state }) => state === "idle" || state === "expired")
    );
  }

  private note(lock: Lock, expectsOnLost: boolean): void {
    this.created.push(lock);
    this.onLockCreated(this, lock, expectsOnLost);
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
    watchLocks(managerOf(redlock.locks), (lock) => this.note(lock, false));
    return redlock;
  }

  /** Ends the process without warning, as a power failure does. */
  die(): void {
    this.host.die();
    for (const link of this.links) link.end();
    // Nothing observes these leases any more. A lease that never ends would be reported as dropped when collected.
    for (const { leaseState } of this.created) if (leaseState !== null) leaseState.end ??= "released";
  }
}
