import { isolate, SafeEmitter } from "../support/safe-emitter.js";
import { type ExpiredEvent, type LockEvents, lockEvents } from "./events.js";
import type { ManagerContext } from "./manager-context.js";
import type { Outbox } from "./outbox.js";

type Common = "resources" | "acquisition" | "time";
type Details<Name extends keyof LockEvents> = Omit<Parameters<LockEvents[Name]>[0], Common>;

/** Emits the events of one lock to its own listeners and to its manager's. Creates no event without a listener. */
export class Notifier {
  private emitter: SafeEmitter<LockEvents> | null = null;

  constructor(
    private readonly manager: ManagerContext,
    private readonly resources: readonly string[],
    private readonly outbox: Outbox,
  ) {}

  /** The lock's own emitter. Created on first access, because most locks have no listeners of their own. */
  get own(): SafeEmitter<LockEvents> {
    this.emitter ??= new SafeEmitter<LockEvents>(lockEvents, this.manager.onListenerError);
    return this.emitter;
  }

  hasListeners(name: keyof LockEvents): boolean {
    return this.manager.events.hasListeners(name) || this.emitter?.hasListeners(name) === true;
  }

  notify<Name extends keyof LockEvents>(name: Name, acquisition: string, details: Details<Name>): void {
    if (!this.hasListeners(name)) return;
    // The details and the common part make up the event, but TypeScript cannot infer this for a generic Name.
    const event = this.event(acquisition, details) as Parameters<LockEvents[Name]>[0];
    this.outbox.put(() => {
      this.emitter?.emit(name, event);
      this.manager.events.emit(name, event);
    });
  }

  /** Calls the user's `onLost` callback. */
  callLost(onLost: (event: ExpiredEvent) => unknown, acquisition: string, details: Details<"expired">): void {
    const event = this.event(acquisition, details);
    this.outbox.put(() => isolate(() => onLost(event), "onLost", this.manager.onListenerError));
  }

  close(): void {
    this.emitter?.clear();
  }

  private event<Some extends object>(acquisition: string, details: Some) {
    return { resources: this.resources, acquisition, time: this.manager.clock.wall(), ...details };
  }
}
