import type { Handle, Lease, Locks } from "../../api/types.js";
import { createLocks } from "../../create-locks.js";
import { type LockEvents, lockEvents } from "../../lock/events.js";
import type { DemoServers } from "./demo-servers.js";
import { Occupancy } from "./occupancy.js";
import { type Pace, WorkLoop } from "./work-loop.js";

export interface Worker {
  readonly name: string;
  readonly locks: Locks;
  readonly handle: Handle;
}

/** One event of one worker's lock. */
export type WorkerEvent = {
  [Name in keyof LockEvents]: { readonly name: Name; readonly event: Parameters<LockEvents[Name]>[0] };
}[keyof LockEvents] & { readonly worker: Worker };

/** Workers that contend for one resource, each with its own locks, like separate processes. */
export class WorkerPool {
  readonly workers: readonly Worker[];
  readonly occupancy = new Occupancy();
  readonly workLoop: WorkLoop;
  readonly #listeners = new Set<(event: WorkerEvent) => void>();

  constructor(servers: DemoServers, prefix: string, resource: string, names: readonly string[], pace: Pace) {
    this.workLoop = new WorkLoop(pace);
    this.workers = names.map((name) => {
      const locks = createLocks({
        nodes: servers.nodesOf(name),
        prefix,
        owner: name,
        ttl: pace.ttl,
        wait: Number.POSITIVE_INFINITY,
      });
      const worker = { name, locks, handle: locks.handle(resource) };
      for (const event of lockEvents) this.#relay(worker, event);
      return worker;
    });
  }

  listen(listener: (event: WorkerEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves with the next event of one of these names, from any worker. Rejects when `signal` aborts. */
  next(names: readonly (keyof LockEvents)[], signal: AbortSignal): Promise<WorkerEvent> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#listeners.delete(listener);
        signal.removeEventListener("abort", onAbort);
        act();
      };
      const listener = (event: WorkerEvent) => {
        if (names.includes(event.name)) settle(() => resolve(event));
      };
      const onAbort = () => settle(() => reject(signal.reason));
      signal.addEventListener("abort", onAbort);
      this.#listeners.add(listener);
    });
  }

  /**
   * Waits until a worker holds the lock. The next holder may have acquired before the last one was notified of its loss.
   */
  async whenHeld(signal: AbortSignal): Promise<void> {
    if (this.holder === undefined) await this.next(["acquired"], signal);
  }

  /** The worker that holds the lock now. */
  get holder(): Worker | undefined {
    return this.workers.find(({ handle }) => handle.lease !== null);
  }

  /** Runs all workers until the demo ends. */
  async work(): Promise<void> {
    await Promise.all(this.workers.map((worker) => this.#work(worker)));
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map(({ locks }) => locks.close({ timeout: 500 })));
  }

  async #work({ name, handle }: Worker): Promise<void> {
    while (!this.workLoop.over) {
      const lease = await handle.acquire({ signal: this.workLoop.end }).catch((error: unknown) => {
        if (this.workLoop.over) return undefined;
        throw error;
      });
      if (lease === undefined) return;
      this.occupancy.enter(name, lease);
      await this.#use(lease);
      this.occupancy.leave(name);
      await lease.release();
      await this.workLoop.rest();
    }
  }

  async #use(lease: Lease): Promise<void> {
    // Stops when the lease is lost, as every job should.
    await this.workLoop.work(lease.signal);
  }

  #relay<Name extends keyof LockEvents>(worker: Worker, name: Name): void {
    // The name and its event belong together, which the compiler cannot infer from two generics.
    const listener = (event: unknown) => {
      // The event is emitted during its transition; a microtask later the state has changed.
      queueMicrotask(() => {
        for (const listener of [...this.#listeners]) listener({ worker, name, event } as WorkerEvent);
      });
    };
    worker.handle.on(name, listener as LockEvents[Name]);
  }
}
