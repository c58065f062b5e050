import { type ManagerEvents, managerEvents } from "../lock/events.js";
import { type Channel, channel } from "../support/platform.js";
import { SafeEmitter } from "../support/safe-emitter.js";

/**
 * One of the process for each event, of all managers: "holdfast:acquired". Kept here, since Node lets go of channels
 * that nobody holds. Made at the first look at this file; until somebody subscribes, an event costs one look.
 */
const channels = Object.fromEntries(
  managerEvents.map((name) => [name, channel(`holdfast:${name}`)]),
) as Record<keyof ManagerEvents, Channel>;

/** A manager's events, for its listeners and for the process's diagnostics channels. */
export class ManagerEmitter extends SafeEmitter<ManagerEvents> {
  constructor(onError: (error: unknown, event: string) => void) {
    super(managerEvents, onError);
  }

  override hasListeners(name: keyof ManagerEvents): boolean {
    return channels[name].hasSubscribers || super.hasListeners(name);
  }

  override emit<Name extends keyof ManagerEvents>(
    name: Name,
    event: Parameters<ManagerEvents[Name]>[0],
  ): void {
    super.emit(name, event);
    // Node itself isolates subscribers: what one throws is an uncaught exception of the next tick.
    if (channels[name].hasSubscribers) channels[name].publish(event);
  }
}
