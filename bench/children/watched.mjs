/** A process whose locks may be watched: runs pairs of acquire and release on distinct resources. */
import "../production.mjs";
import { connectAll } from "../clients.mjs";
import { load } from "../load.mjs";
import { watch, ways } from "../watching/ways.mjs";
import { serve } from "./serve.mjs";

serve(async ({ entry, ports, callers, warmUp, serves, options, way = "unwatched" }) => {
  const { createLocks } = await import(entry);
  const { clients } = await connectAll("ioredis", ports);
  let seen = 0;
  const note = () => {
    seen++;
  };
  const own = ways[way].options?.(note);
  const locks = createLocks({ nodes: clients, ttl: 10_000, ...options, ...own });
  const acquire = await watch(locks, ways[way], note);
  let url = null;
  if (serves) {
    const { serveInspector } = await import("holdfast/inspector");
    ({ url } = await serveInspector(locks, { port: 0 }));
  }
  await load({ acquire, callers, duration: warmUp });
  return async ({ duration }) =>
    duration === undefined ? { url } : { ...(await load({ acquire, callers, duration })), seen };
});
