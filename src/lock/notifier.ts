import { isolate, SafeEmitter } from "../support/safe-emitter.js";
import { type ExpiredEvent, type LockEvents, lockEvents } from "./events.js";
import type { ManagerContext } from "./manager-context.js";
import type { Outbox } from "./outbox.js";

type Common = "resources" | "acquisition" | "time";
type Details<Name extends keyof LockEvents> = Omit<Parameters<LockEvents[Name]>[0], Common>;

/** Tells the listeners of one lock and of its manager; makes no event that nobody hears. */
export class Notifier {
  private emitter: SafeEmitter<LockEvents> | null = null;

  constructor(
    private readonly manager: ManagerContext,
    private readonly resources: readonly string[],
    private readonly outbox: Outbox,
  ) {}

  /** The lock's own listeners; most locks have none. */
  get own(): SafeEmitter<LockEvents> {
    this.emitter ??= new SafeEmitter<LockEvents>(lockEvents, this.manager.onListenerError);
    return this.emitter;
  }

  hasListeners(name: keyof LockEvents): boolean {
    return this.manager.events.hasListeners(name) || this.emitter?.hasListeners(name) === true;
  }

  notify<Name extends keyof LockEvents>(name: Name, acquisition: string, details: Details<Name>): void {
    if (!this.hasListeners(name)) return;
    // The details and the common part are the event, which the compiler cannot conclude for a Name it does not know.
    const event = this.event(acquisition, details) as Parameters<LockEvents[Name]>[0];
    this.outbox.put(() => {
      this.emitter?.emit(name, event);
      this.manager.events.emit(name, event);
    });
  }

  /** Calls the user's own callback. */
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
