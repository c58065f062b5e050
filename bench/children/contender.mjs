import "../production.mjs";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "../load.mjs";
import { openSession } from "../session.mjs";
import { serve } from "./serve.mjs";

/** The time in ms on a clock that all processes of the machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Acquires, holds, releases and pauses until the end. An acquisition that is pending at the end counts as a wait too. */
function contend({ acquire }, { resource, end, hold, think }, delay) {
  const record = { leases: [], waits: [], failures: 0 };
  let asked = null;
  const go = async () => {
    await sleep(delay);
    while (now() < end) {
      asked = now();
      let release;
      try {
        release = await acquire(resource, 0);
      } catch {
        record.failures++;
        continue;
      }
      const granted = now();
      record.waits.push(granted - asked);
      asked = null;
      const lease = [granted, end];
      record.leases.push(lease);
      await sleep(hold);
      lease[1] = Math.min(now(), end);
      await release().catch(() => record.failures++);
      await sleep(think);
    }
  };
  go();
  return () => ({ ...record, unfinished: asked === null ? 0 : end - asked });
}

serve(async ({ name, contenders, settings }) => {
  const sessions = [];
  for (let index = 0; index < contenders; index++) sessions.push(await openSession(name, settings));
  await Promise.all(
    sessions.map(({ acquire }, index) =>
      load({ acquire, callers: 1, duration: 200, resourceOf: () => `own:${process.pid}:${index}` }),
    ),
  );
  return async ({ start, first, ...order }) => {
    await sleep(start - now());
    const results = sessions.map((session, index) => contend(session, order, first + index));
    await sleep(order.end - now());
    return results.map((result) => result());
  };
});
