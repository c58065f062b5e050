import type { Lock } from "../../manager/lock.js";
import { locksOf } from "../../manager/managed-locks.js";
import { Manager, type Resources } from "../../manager/manager.js";
import type { LocksOptions } from "../../manager/options.js";
import type { Locks } from "../../manager/types.js";
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

  constructor(
    readonly index: number,
    readonly host: Host,
    readonly plan: HostPlan,
    readonly links: readonly Link[],
    onMade: (program: Program, lock: Lock) => void,
    onQuarantine: (program: Program, node: string) => void,
  ) {
    const { grouping, nodeTimeout } = plan;
    const options = {
      nodes: links,
      clock: host.clock,
      random: host.chance,
      owner: host.name,
      nodeTimeout,
      connectTimeout: nodeTimeout,
      grouping,
    };
    const manager = new WatchedManager(options, (lock) => {
      this.made.push(lock);
      onMade(this, lock);
    });
    this.locks = locksOf(manager);
    this.locks.on("nodeQuarantined", ({ node }) => onQuarantine(this, node));
  }

  /** Whether a lease of its own has this token. */
  holds(token: string): boolean {
    return this.made.some(({ hold }) => hold?.claim.token === token && hold.end === null);
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

  /** Its machine goes off. */
  die(): void {
    this.host.die();
    for (const link of this.links) link.end();
    // Nobody hears of it any more; but what is never ended would be missed when it is collected.
    for (const { hold } of this.made) if (hold !== null) hold.end ??= "released";
  }
}
