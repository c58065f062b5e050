import type { ObservedLock } from "../lock/observed-lock.js";
import type { FailureEvent, LockMachineEvent } from "../machines/lock-events.js";
import type { NodeMachineEvent } from "../machines/node.js";
import type { NodeState } from "../machines/node-state.js";
import { isolate } from "../support/safe-emitter.js";

/** Looks on at a manager: the inspector, telemetry and what is published are built on it. */
export interface ManagerObserver {
  /**
   * A lock's chart has taken an event; one that it has no use for led it nowhere: `from` is `to`. Its users have not heard
   * of it yet. What the step ended (a pursuit, a hold) is gone from the lock already.
   */
  lockStepped?(lock: ObservedLock, event: LockMachineEvent, from: string, to: string): void;
  /** What the caller's acquisition is about to reject with. The step of the chart that it comes with is told next. */
  lockFailed?(lock: ObservedLock, event: FailureEvent, error: unknown): void;
  /** A node's chart has. */
  nodeStepped?(node: number, event: NodeMachineEvent, from: NodeState, to: NodeState): void;
  /** ms from a request to a node until its answer. */
  nodeAnswered?(node: number, ms: number): void;
  /** The manager has closed; nothing follows. */
  closed?(): void;
}

/** Those who look on. While there is nobody, a lock pays for one look at `any`. */
export class Observers implements Required<ManagerObserver> {
  any = false;
  private list: readonly ManagerObserver[] = [];

  constructor(private readonly onError: (error: unknown, event: string) => void) {}

  /** Returns the removal. */
  add(observer: ManagerObserver): () => void {
    this.become([...this.list, observer]);
    return () => this.become(this.list.filter((other) => other !== observer));
  }

  // This and `nodeAnswered` without a closure for each: they are called a hundred thousand times a second.
  lockStepped(lock: ObservedLock, event: LockMachineEvent, from: string, to: string): void {
    for (const observer of this.list) {
      try {
        this.settle(observer.lockStepped?.(lock, event, from, to));
      } catch (error) {
        this.report(error);
      }
    }
  }

  lockFailed(lock: ObservedLock, event: FailureEvent, error: unknown): void {
    for (const observer of this.list)
      isolate(() => observer.lockFailed?.(lock, event, error), "inspection", this.onError);
  }

  nodeStepped(node: number, event: NodeMachineEvent, from: NodeState, to: NodeState): void {
    this.each((observer) => observer.nodeStepped?.(node, event, from, to));
  }

  nodeAnswered(node: number, ms: number): void {
    for (const observer of this.list) {
      try {
        this.settle(observer.nodeAnswered?.(node, ms));
      } catch (error) {
        this.report(error);
      }
    }
  }

  closed(): void {
    this.each((observer) => observer.closed?.());
    this.become([]);
  }

  private each(tell: (observer: ManagerObserver) => void): void {
    for (const observer of this.list) isolate(() => tell(observer), "inspection", this.onError);
  }

  /** They run other people's code too, an exporter or a logger, which may give a promise where none is asked for. */
  private settle(result: unknown): void {
    if (result !== undefined) isolate(() => result, "inspection", this.onError);
  }

  private report(error: unknown): void {
    const rethrow = () => {
      throw error;
    };
    isolate(rethrow, "inspection", this.onError);
  }

  private become(list: readonly ManagerObserver[]): void {
    this.list = list;
    this.any = list.length > 0;
  }
}
