import type { LockObservers, ObservedLock } from "../lock/observed-lock.js";
import type { FailureEvent, LockMachineEvent } from "../machines/lock-events.js";
import type { NodeMachineEvent } from "../machines/node-events.js";
import type { NodeState } from "../machines/node-state.js";
import type { AsyncContext } from "../support/async-context.js";
import { isolate } from "../support/safe-emitter.js";

/** An observer of a manager. The inspector, telemetry and publishing are built on this interface. */
export interface ManagerObserver {
  /** Whether it only shows the locks to whoever looks: nobody learns of a loss by it. Default false. */
  readonly isPassive?: boolean;
  /**
   * A lock's chart has changed its state. Events that the chart ignores are not reported. Listeners have not been called
   * yet. An acquisition or lease that the step ended is no longer part of the lock.
   */
  lockStepped?(lock: ObservedLock, event: LockMachineEvent, from: string, to: string): void;
  /** An acquisition is about to reject with `error`. The corresponding call of `lockStepped` follows. */
  lockFailed?(lock: ObservedLock, event: FailureEvent, error: unknown): void;
  /** A node's chart has changed its state. */
  nodeStepped?(node: number, event: NodeMachineEvent, from: NodeState, to: NodeState): void;
  /** A node has answered a request after `ms` ms. */
  nodeAnswered?(node: number, ms: number): void;
  /**
   * A call to a node is about to be made for several callers. `callers`: the context of each. The observer must call `call`
   * at once, and must let its exceptions pass. Returns a function to be called at the reply.
   */
  nodeCalled?(node: number, callers: readonly AsyncContext[], call: () => void): (() => void) | null;
  /** The manager has closed. No further call follows. */
  closed?(): void;
}

/** The observers of a manager. Without an observer, a step costs one check of `any`. */
export class Observers implements Required<Omit<ManagerObserver, "isPassive">>, LockObservers {
  any = false;
  anyActive = false;
  private list: readonly ManagerObserver[] = [];

  constructor(private readonly onError: (error: unknown, event: string) => void) {}

  /** Adds an observer. Returns a function that removes the observer. */
  add(observer: ManagerObserver): () => void {
    this.replaceList([...this.list, observer]);
    return () => this.replaceList(this.list.filter((other) => other !== observer));
  }

  // This method and `nodeAnswered` create no closure, because they are called a hundred thousand times a second.
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

  /** Lets the first observer make the call that has a method for it. Throws what the call throws. */
  nodeCalled(node: number, callers: readonly AsyncContext[], call: () => void): (() => void) | null {
    const observer = this.list.find(({ nodeCalled }) => nodeCalled !== undefined);
    let called = false;
    // The error of the call is the caller's, and not the observer's.
    const errors: unknown[] = [];
    const once = () => {
      if (called) return;
      called = true;
      try {
        call();
      } catch (error) {
        errors.push(error);
      }
    };
    const onceOrThrow = () => {
      once();
      if (errors.length > 0) throw errors[0];
    };
    let end: (() => void) | null | undefined;
    try {
      end = observer?.nodeCalled?.(node, callers, onceOrThrow);
    } catch (error) {
      if (!errors.includes(error)) this.report(error);
    }
    once();
    const ended = end ? () => isolate(end, "inspection", this.onError) : null;
    if (errors.length === 0) return ended;
    ended?.();
    throw errors[0];
  }

  closed(): void {
    this.each((observer) => observer.closed?.());
    this.replaceList([]);
  }

  private each(notify: (observer: ManagerObserver) => void): void {
    for (const observer of this.list) isolate(() => notify(observer), "inspection", this.onError);
  }

  /** Handles a promise that an observer returned. Observers run foreign code, such as an exporter, that may be asynchronous. */
  private settle(result: unknown): void {
    if (result !== undefined) isolate(() => result, "inspection", this.onError);
  }

  private report(error: unknown): void {
    const rethrow = () => {
      throw error;
    };
    isolate(rethrow, "inspection", this.onError);
  }

  private replaceList(list: readonly ManagerObserver[]): void {
    this.list = list;
    this.any = list.length > 0;
    this.anyActive = list.some(({ isPassive = false }) => !isPassive);
  }
}
