import { createLocks } from "holdfast";

const managed =
  (options, acquirer) =>
  (nodes, { ttl }) => {
    const locks = createLocks({ nodes, ttl, ...options });
    return {
      acquire: acquirer(locks),
      hold: async (resource, onLost) => {
        const lease = await locks.acquire(resource, { onLost });
        return () => lease.release();
      },
      end: () => locks.close(),
    };
  };

const fresh = (locks) => async (resource) => {
  const lease = await locks.acquire(resource);
  return () => lease.release();
};

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

export const openHoldfast = managed({}, fresh);
export const openWatched = managed({ xstate: { inspect } }, fresh);
export const openKept = managed({}, handles);
