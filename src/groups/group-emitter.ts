import type { ManagerEvents } from "../lock/events.js";
import { ManagerEmitter } from "../manager/manager-emitter.js";

/** Passes the events of one group's manager on to the listeners of all groups, with the name of the group. */
export class GroupEmitter extends ManagerEmitter {
  constructor(
    private readonly all: ManagerEmitter,
    private readonly group: string,
  ) {
    super(() => {});
  }

  override hasListeners(name: keyof ManagerEvents): boolean {
    return this.all.hasListeners(name);
  }

  override emit<Name extends keyof ManagerEvents>(
    name: Name,
    event: Parameters<ManagerEvents[Name]>[0],
  ): void {
    this.all.emit(name, { ...event, group: this.group });
  }
}
