/** A process whose locks may be observed: runs pairs of acquire and release on distinct resources. */
import "../production.mjs";
import { connectAll } from "../clients.mjs";
import { load } from "../load.mjs";
import { serve } from "./serve.mjs";
import { fresh, watches } from "./watches.mjs";

serve(async ({ entry, ports, callers, warmUp, serves, watch, options }) => {
  const { createLocks } = await import(entry);
  const { clients } = await connectAll("ioredis", ports);
  const { xstate, start, acquirer = fresh } = watch === null ? {} : watches[watch];
  const locks = createLocks({ nodes: clients, ttl: 10_000, ...options, ...(xstate ? { xstate } : {}) });
  await start?.(locks);
  const acquire = acquirer(locks);
  let url = null;
  if (serves) {
    const { serveInspector } = await import("holdfast/inspector");
    ({ url } = await serveInspector(locks, { port: 0 }));
  }
  await load({ acquire, callers, duration: warmUp });
  return ({ duration }) => (duration === undefined ? { url } : load({ acquire, callers, duration }));
});
