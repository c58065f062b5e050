import { type ManagerEvents, managerEvents } from "../lock/events.js";
import { type Channel, channel } from "../support/platform.js";
import { SafeEmitter } from "../support/safe-emitter.js";

/**
 * The process's diagnostics channel for each event, such as "holdfast:acquired", shared by all managers. The channels are
 * kept in this constant, because Node collects unreferenced channels. Without subscribers, an event costs one check.
 */
const channels = Object.fromEntries(
  managerEvents.map((name) => [name, channel(`holdfast:${name}`)]),
) as Record<keyof ManagerEvents, Channel>;

/** Emits a manager's events to its listeners and to the process's diagnostics channels. */
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
    // Node isolates subscribers itself: an error in one is thrown as an uncaught exception in the next tick.
    if (channels[name].hasSubscribers) channels[name].publish(event);
  }
}
