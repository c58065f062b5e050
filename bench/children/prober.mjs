import "../production.mjs";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "../load.mjs";
import { openSession } from "../session.mjs";
import { serve } from "./serve.mjs";

serve(async ({ name, ports, ttl, callers, duration, warmUp, bound }) => {
  const { acquire } = await openSession(name, { ports, ttl });
  await load({ acquire, callers, duration: warmUp });
  return () => Promise.race([load({ acquire, callers, duration }), sleep(duration + bound, { hangs: true })]);
});
