/** A process whose locks may be observed: runs pairs of acquire and release on distinct resources. */
import "../production.mjs";
import { connectAll } from "../clients.mjs";
import { load } from "../load.mjs";
import { serve } from "./serve.mjs";

serve(async ({ entry, ports, callers, warmUp, serves, options }) => {
  const { createLocks } = await import(entry);
  const { clients } = await connectAll("ioredis", ports);
  const locks = createLocks({ nodes: clients, ttl: 10_000, ...options });
  const acquire = async (resource) => {
    const lease = await locks.acquire(resource);
    return () => lease.release();
  };
  let url = null;
  if (serves) {
    const { serveInspector } = await import("holdfast/inspector");
    ({ url } = await serveInspector(locks, { port: 0 }));
  }
  await load({ acquire, callers, duration: warmUp });
  return ({ duration }) => (duration === undefined ? { url } : load({ acquire, callers, duration }));
});
