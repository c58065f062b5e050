import type { SafeEmitter } from "./emitter.js";
import type { LockEvents } from "./events.js";
import type { Surroundings } from "./ground.js";

type Common = "resources" | "acquisition" | "time";

/** Tells the listeners of one lock and of its manager; makes no event that nobody hears. */
export class Announcer {
  constructor(
    private readonly ground: Surroundings,
    private readonly resources: readonly string[],
    private readonly own: SafeEmitter<LockEvents>,
  ) {}

  tell<Name extends keyof LockEvents>(
    name: Name,
    acquisition: string,
    details: Omit<Parameters<LockEvents[Name]>[0], Common>,
  ): void {
    const { events } = this.ground;
    if (!this.own.hears(name) && !events.hears(name)) return;
    // The details and the common part are the event, which the compiler cannot conclude for a Name it does not know.
    const event = this.event(acquisition, details) as Parameters<LockEvents[Name]>[0];
    this.own.emit(name, event);
    events.emit(name, event);
  }

  event<Details extends object>(acquisition: string, details: Details) {
    return { resources: this.resources, acquisition, time: this.ground.clock.wall(), ...details };
  }
}
