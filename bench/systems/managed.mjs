/** Opens the locks of a build of Holdfast as a system. `acquirer(locks)` returns the system's `acquire`. */
export const managed =
  (createLocks, options, acquirer) =>
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

/** Acquires each lock by `locks.acquire`. */
export const fresh = (locks) => async (resource) => {
  const lease = await locks.acquire(resource);
  return () => lease.release();
};
