import { lockMachine } from "../../../src/machines/lock.js";
import { lockTable } from "../../../src/machines/tables.js";
import { lockPaths } from "../lock-paths.js";
import { alongLock } from "./along-lock.js";
import { acceptedEvents, LockModel } from "./lock-model.js";
import type { Walk } from "./walk.js";

export const lockWalk: Walk = {
  machine: lockMachine,
  paths: lockPaths,
  along(path) {
    const model = new LockModel();
    return alongLock(lockTable(), model, { acquisition: model, heldLease: model }, acceptedEvents, path);
  },
};
