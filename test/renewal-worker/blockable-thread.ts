import { onTestFinished } from "vitest";
import { locksOf } from "../../src/api/managed-locks.js";
import type { Locks } from "../../src/api/types.js";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { Clock, Timer } from "../../src/engine/time/clock.js";
import { systemRandom } from "../../src/engine/time/random.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { Manager } from "../../src/manager/manager.js";
import { managerSettingsOf } from "../../src/manager/manager-settings.js";
import type { FromWorker, ToWorker, WorkerStart } from "../../src/renewal-worker/messages.js";
import type { WorkerPlatform } from "../../src/renewal-worker/renewal-worker.js";
import { SharedClock } from "../../src/renewal-worker/shared-clock.js";
import { WorkerHost } from "../../src/renewal-worker/thread/worker-host.js";
import type { ThreadListener } from "../../src/support/platform.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";

/** The clock of a thread that can be blocked: a timer that is due meanwhile fires when the thread goes on. */
class BlockableClock implements Clock {
  blocked = false;
  private late: (() => void)[] = [];

  constructor(private readonly clock: Clock) {}

  monotonic(): number {
    return this.clock.monotonic();
  }

  wall(): number {
    return this.clock.wall();
  }

  after(delay: number, callback: () => void): Timer {
    let cancelled = false;
    const run = () => cancelled || callback();
    const timer = this.clock.after(delay, () => (this.blocked ? this.late.push(run) : callback()));
    return {
      cancel() {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  goOn(): void {
    this.blocked = false;
    for (const run of this.late.splice(0)) run();
  }
}

/** A main thread and its worker in one thread, in virtual time, over memory nodes. */
export class BlockableThread {
  readonly clock = new VirtualClock();
  readonly nodes: readonly MemoryNode[] = [0, 1, 2].map((index) =>
    memoryNode(`redis://node-${index}`, { clock: this.clock }),
  );
  readonly locks: Locks;
  readonly manager: Manager;
  /** What the main thread has posted. */
  readonly posted: ToWorker[] = [];
  /** Ends the worker with an error. */
  crash: (error: unknown) => void = () => {};
  /** Whether the worker keeps the process alive. */
  held = false;
  started = 0;
  /** Whether no further worker can be started. */
  broken = false;
  private readonly main = new BlockableClock(this.clock);
  private unread: (() => void)[] = [];
  /** What is posted when the thread goes on; null if everything is posted at once. */
  private unposted: (() => void)[] | null = null;

  constructor(options: Partial<LocksOptions> = {}) {
    const own = { owner: "blocked", ttl: 1_000, clock: this.main, renewal: "worker" as const, ...options };
    const nodes = this.nodes.map(({ name }) => name);
    this.manager = new Manager({ nodes, ...own }, { workerPlatform: this.platform() });
    this.locks = locksOf(this.manager);
    onTestFinished(() => this.end());
  }

  /** Ends all leases, so that none is taken to be dropped when it is garbage-collected. */
  private async end(): Promise<void> {
    this.goOn();
    const closed = this.locks.close({ timeout: 0 });
    await this.clock.advance(2_000);
    await closed;
  }

  /** Creates a manager of another process. */
  others(options: Partial<LocksOptions> = {}): Locks {
    return locksOf(
      new Manager({ nodes: this.nodes, clock: this.clock, owner: "other", ttl: 1_000, ...options }),
    );
  }

  /** From now on, the main thread runs no timer and reads no message. Only what the test calls runs there. */
  block(): void {
    this.main.blocked = true;
  }

  /** The same, before the current job has ended: what it has not posted is posted when the thread goes on. */
  blockInJob(): void {
    this.block();
    this.unposted = [];
  }

  /** Timers first, as in an event loop, and then what the worker has said. */
  goOn(): void {
    this.main.goOn();
    for (const post of this.unposted ?? []) post();
    this.unposted = null;
    for (const read of this.unread.splice(0)) read();
  }

  private platform(): WorkerPlatform {
    return {
      sharedClock: new SharedClock(this.main, () => this.clock.monotonic()),
      start: async (start, listener) => this.start(start, listener),
    };
  }

  private start(start: WorkerStart, listener: ThreadListener) {
    if (this.broken) throw new Error("no thread can be started");
    this.started++;
    let alive = true;
    const clock = new BlockableClock(this.clock);
    const read = (messages: readonly FromWorker[]) => {
      if (!alive) return;
      if (this.main.blocked) this.unread.push(() => alive && listener.message(messages));
      else queueMicrotask(() => alive && listener.message(messages));
    };
    const settings = managerSettingsOf({ ...start.options, clock, random: systemRandom });
    const opened = start.nodes.map((_, index) => connectedBy(this.nodes[index] as MemoryNode));
    const shared = new SharedClock(clock, () => clock.monotonic());
    const host = new WorkerHost(start, opened, settings, read, shared);
    const end = () => {
      alive = false;
      clock.blocked = true;
    };
    this.crash = (error) => {
      end();
      listener.ended(error);
    };
    return {
      post: (messages: unknown) => {
        const post = () => {
          this.posted.push(...(messages as ToWorker[]));
          queueMicrotask(() => alive && host.receive(messages as ToWorker[]));
        };
        if (this.unposted === null) post();
        else this.unposted.push(post);
      },
      hold: (held: boolean) => {
        this.held = held;
      },
      terminate: end,
    };
  }
}

/** The servers go on when the worker closes its connections. */
const connectedBy = (node: MemoryNode): LockNode =>
  new Proxy(node, {
    get(target, property) {
      if (property === "close") return async () => {};
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
