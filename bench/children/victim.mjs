/** A process that waits for a lock once in vain: it is killed while it waits. */
import "../production.mjs";
import { setTimeout as sleep } from "node:timers/promises";
import { openSession } from "../session.mjs";
import { serve } from "./serve.mjs";

const now = () => Number(process.hrtime.bigint()) / 1e6;

serve(async ({ name, settings }) => {
  const { acquire } = await openSession(name, settings);
  return async ({ at, resource, patience }) => {
    await sleep(at - now());
    // The first wait makes the connections that waiting needs.
    await (await acquire(resource, 0))();
    // Repeated if the lock is granted too early.
    for (;;) {
      const asked = acquire(resource, 0);
      const release = await Promise.race([asked, sleep(patience, null)]);
      if (release === null) process.kill(process.pid, "SIGKILL");
      else await release();
    }
  };
});
