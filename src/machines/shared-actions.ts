import { type Args, lockActions } from "./lock-actions.js";
import { lockPorts } from "./lock-port.js";

/** What the guards and actions of the chart of a shared lock do: those of a lock, and those of an upgrade. */
export const sharedActions = {
  ...lockActions,
  effects: {
    ...lockActions.effects,
    askForUpgrade: ({ self }: Args) => lockPorts.of(self)?.pendingUpgrade?.askForUpgrade(),
    scheduleUpgrade: ({ self }: Args) => lockPorts.of(self)?.pendingUpgrade?.scheduleUpgrade(),
    finishUpgrade: ({ self }: Args) => lockPorts.of(self)?.pendingUpgrade?.finishUpgrade(),
    failUpgrade: ({ self, event }: Args) => {
      if (event.type === "UPGRADE_FAILED") lockPorts.of(self)?.pendingUpgrade?.failUpgrade(event.error);
    },
  },
};
