import type { Handle, Lease, Locks } from "../../api/types.js";
import { createLocks } from "../../create-locks.js";
import { type LockEvents, lockEvents } from "../../lock/events.js";
import type { DemoServers } from "./demo-servers.js";
import { Occupancy } from "./occupancy.js";
import { WorkLoop } from "./work-loop.js";

/** ms; short, so that renewals, losses and their ends come while somebody watches. */
export const ttl = 1_000;

export interface Worker {
  readonly name: string;
  readonly locks: Locks;
  readonly handle: Handle;
}

/** One event of one worker's lock. */
export type Heard = {
  [Name in keyof LockEvents]: { readonly name: Name; readonly event: Parameters<LockEvents[Name]>[0] };
}[keyof LockEvents] & { readonly worker: Worker };

/** Workers that contend for one resource, each with locks of its own, as if in a process of its own. */
export class WorkerPool {
  readonly workers: readonly Worker[];
  readonly occupancy = new Occupancy();
  readonly workLoop = new WorkLoop();
  readonly #listeners = new Set<(heard: Heard) => void>();

  constructor(servers: DemoServers, resource: string, names: readonly string[]) {
    this.workers = names.map((name) => {
      const locks = createLocks({
        nodes: servers.nodesOf(name),
        owner: name,
        ttl,
        wait: Number.POSITIVE_INFINITY,
      });
      const worker = { name, locks, handle: locks.handle(resource) };
      for (const event of lockEvents) this.#relay(worker, event);
      return worker;
    });
  }

  hear(listener: (heard: Heard) => void): void {
    this.#listeners.add(listener);
  }

  /** The next event of such a name, of any worker; rejects when `signal` aborts. */
  next(names: readonly (keyof LockEvents)[], signal: AbortSignal): Promise<Heard> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#listeners.delete(listener);
        signal.removeEventListener("abort", onAbort);
        act();
      };
      const listener = (heard: Heard) => {
        if (names.includes(heard.name)) settle(() => resolve(heard));
      };
      const onAbort = () => settle(() => reject(signal.reason));
      signal.addEventListener("abort", onAbort);
      this.#listeners.add(listener);
    });
  }

  /** Somebody is in: the next one may have been told, and have entered, before the last one heard that it had left. */
  async taken(signal: AbortSignal): Promise<void> {
    if (this.holder === undefined) await this.next(["acquired"], signal);
  }

  /** Whoever is in now. */
  get holder(): Worker | undefined {
    return this.workers.find(({ handle }) => handle.lease !== null);
  }

  /** All of them at work, until the shift is over. */
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
    // Stops at the loss of the lease, as every job should.
    await this.workLoop.toil(lease.signal);
  }

  #relay<Name extends keyof LockEvents>(worker: Worker, name: Name): void {
    // The name and its event belong together, which the compiler cannot see once both are generic.
    const listener = (event: unknown) => {
      // When the event is told, its transition is still under way; a moment later the state is the new one.
      queueMicrotask(() => {
        for (const listener of [...this.#listeners]) listener({ worker, name, event } as Heard);
      });
    };
    worker.handle.on(name, listener as LockEvents[Name]);
  }
}
