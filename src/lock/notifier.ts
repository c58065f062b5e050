import type { LockMode } from "../engine/protocol/token.js";
import { afterPoll } from "../engine/time/clock.js";
import { type AsyncContext, sharedContext } from "../support/async-context.js";
import { isolate, SafeEmitter } from "../support/safe-emitter.js";
import { type ExpiredEvent, type LockEventMap, type LockEvents, lockEvents } from "./events.js";
import type { ManagerContext } from "./manager-context.js";

type Common = "type" | "resources" | "acquisition" | "time" | "group" | "permits" | "mode";
type Details<Name extends keyof LockEvents> = Omit<Parameters<LockEvents[Name]>[0], Common>;

/** The maximum number of callbacks per delivery. Further callbacks wait for a timer, so as not to starve the event loop. */
const maxPerDelivery = 100;

/**
 * Calls the user code of one lock: its listeners, its manager's, and callbacks. Every call is held back until the chart
 * has completed its step. XState runs actions while it is still computing the next state, but a listener that reads or
 * uses its lock must find the lock in the state that the event implies.
 */
export class Notifier {
  /** The asynchronous context of the acquisition: that of events and callbacks. */
  context: AsyncContext = sharedContext;
  /** The numbers of the permits that were acquired; undefined if there are none. */
  permits: readonly number[] | undefined = undefined;
  /** How a shared lock is held; undefined if the lock is exclusive from the beginning. */
  mode: LockMode | undefined = undefined;
  private emitter: SafeEmitter<LockEvents> | null = null;
  /** The calls that are held back, in order. */
  private deferred: (() => void)[] | null = null;
  private depth = 0;
  private delivering = false;

  constructor(
    private readonly manager: ManagerContext,
    private readonly resources: readonly string[],
  ) {}

  /** The lock's own emitter. Created on first access, because most locks have no listeners of their own. */
  get own(): SafeEmitter<LockEvents> {
    this.emitter ??= new SafeEmitter<LockEvents>(lockEvents, this.manager.onListenerError);
    return this.emitter;
  }

  hasListeners(name: keyof LockEvents): boolean {
    return this.manager.events.hasListeners(name) || this.emitter?.hasListeners(name) === true;
  }

  /** Emits an event. Creates no event without a listener. */
  notify<Name extends keyof LockEvents>(name: Name, acquisition: string, details: Details<Name>): void {
    if (!this.hasListeners(name)) return;
    // The details and the common part make up the event, but TypeScript cannot infer this for a generic Name.
    const event = this.event(name, acquisition, details) as unknown as LockEventMap[Name];
    const { context } = this;
    this.defer(() => context.runInAsyncScope(this.emit<Name>, this, name, event));
  }

  /** Calls the user's `onLost` callback. */
  callLost(onLost: (event: ExpiredEvent) => unknown, acquisition: string, details: Details<"expired">): void {
    const event = this.event("expired", acquisition, details);
    const { context } = this;
    const call = () => isolate(() => onLost(event), "onLost", this.manager.onListenerError);
    this.defer(() => context.runInAsyncScope(call));
  }

  /** Calls back after the step. The callback must not throw. */
  defer(callback: () => void): void {
    if (this.deferred === null) this.deferred = [callback];
    else this.deferred.push(callback);
  }

  /** Marks the beginning of a step of the chart. Steps may be nested. */
  beginStep(): void {
    this.depth++;
  }

  /** Marks the end of a step. After the outermost step, the deferred callbacks are called in order. */
  endStep(): void {
    this.depth--;
    if (this.deferred !== null) this.deliver();
  }

  close(): void {
    this.emitter?.clear();
  }

  private deliver(): void {
    if (this.depth > 0 || this.delivering) return;
    this.delivering = true;
    for (let count = 0; count < maxPerDelivery && this.deferred !== null; count++) {
      const next = this.deferred.shift();
      if (this.deferred.length === 0) this.deferred = null;
      next?.();
    }
    this.delivering = false;
    if (this.deferred !== null) afterPoll(this.manager.clock, () => this.deliver());
  }

  private emit<Name extends keyof LockEvents>(name: Name, event: Parameters<LockEvents[Name]>[0]): void {
    this.emitter?.emit(name, event);
    this.manager.events.emit(name, event);
  }

  private event<Name extends keyof LockEvents, Some extends object>(
    type: Name,
    acquisition: string,
    details: Some,
  ) {
    const { resources, permits, mode } = this;
    const { clock, group } = this.manager;
    const common = { type, resources, acquisition, time: clock.wall() };
    const event = { ...common, ...(group === null ? {} : { group }), ...details };
    if (mode !== undefined) return { ...event, mode };
    return permits === undefined ? event : { ...event, permits };
  }
}
