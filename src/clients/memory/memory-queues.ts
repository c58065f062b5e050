import { type QueuePlace, sharedForm } from "../../engine/protocol/command.js";
import { semaphoreKey } from "../../engine/protocol/permit-keys.js";
import { MemoryQueue, type Publish } from "./memory-queue.js";

/** The queues of the keys. The permits of a semaphore have one queue. Time is passed in, ms. */
export class MemoryQueues {
  /** By the lock's key, or by that of the semaphore. Empty queues are removed. */
  readonly #queues = new Map<string, MemoryQueue>();

  constructor(private readonly publish: Publish) {}

  /** The number of keys with waiters, including waiters that have expired. */
  get size(): number {
    return this.#queues.size;
  }

  join(key: string, place: QueuePlace, now: number): MemoryQueue {
    const own = semaphoreKey(key);
    const queue = this.#queues.get(own) ?? new MemoryQueue(this.publish);
    queue.join(place, now);
    this.#queues.set(own, queue);
    return queue;
  }

  /** Returns null if there are no waiters. Drops the queue when it becomes empty. */
  with<T>(key: string, action: (queue: MemoryQueue) => T): T | null {
    const own = semaphoreKey(key);
    const queue = this.#queues.get(own);
    if (queue === undefined) return null;
    const result = action(queue);
    if (queue.isEmpty) this.#queues.delete(own);
    return result;
  }

  leave(key: string, id: string): void {
    this.with(key, (queue) => queue.remove(id));
  }

  /** Leaves the queue, and tells whoever may go next. `value`: that of the key. */
  leaveAndWake(key: string, id: string | null, value: string | null, now: number): void {
    this.with(key, (queue) => {
      if (id !== null) queue.remove(id);
      wakeNext(queue, value, now);
    });
  }

  removeExpired(now: number): void {
    for (const key of this.#queues.keys()) this.with(key, (queue) => queue.firstId(now));
  }
}

/** Wakes whoever may go next, if the key has this value. If readers hold the key, only readers may. */
export function wakeNext(queue: MemoryQueue, value: string | null, now: number): void {
  if (value === null) queue.wakeFirst(now);
  else if (value === sharedForm) queue.wakeReaders(now);
}
