import { createLocks } from "holdfast";
import { fresh, managed } from "./managed.mjs";

const watcher = { events: 0 };
const inspect = () => {
  watcher.events++;
};

/** Uses one handle per caller, whatever the resource. */
const handles = (locks) => {
  const handleOf = new Map();
  return async (_, caller) => {
    let handle = handleOf.get(caller);
    if (handle === undefined) {
      handle = locks.handle(`kept:${caller}`);
      handleOf.set(caller, handle);
    }
    await handle.acquire();
    return () => handle.release();
  };
};

export const openHoldfast = managed(createLocks, {}, fresh);
export const openWatched = managed(createLocks, { xstate: { inspect } }, fresh);
export const openKept = managed(createLocks, {}, handles);
