import type { HeldHere } from "../engine/protocol/contention.js";
import { ListNode } from "../support/linked-list.js";

/** A lock that is in use. Its methods must not throw. */
export abstract class ActiveLock extends ListNode {
  /** Called when the clocks diverged. The lock must check its deadline again. */
  abstract clocksDiverged(): void;
  /**
   * Called when a node votes again. The lock must confirm its lease, unless the round that granted or renewed the lease
   * began after `since`, a monotonic time in ms.
   */
  abstract confirm(since: number): void;
  /** Called when the manager closes. The lock must end its acquisition or lease, with a ManagerClosedError as the reason. */
  abstract shutDown(): void;
  /** Called when the manager has closed. */
  abstract stop(): void;
  abstract readonly keys: readonly string[];
  /** The lease that the lock holds; null if it holds none. */
  abstract readonly held: HeldHere | null;
}

/** Where a lock registers while it is in use. */
export interface ActiveLockRegistry {
  /** The number of locks in use. */
  readonly size: number;
  add(lock: ActiveLock): void;
  remove(lock: ActiveLock): void;
  /** Returns the lease that holds one of the keys in this process, if there is one. */
  holderOf(keys: readonly string[]): HeldHere | undefined;
}
