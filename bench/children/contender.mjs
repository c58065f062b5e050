import "../production.mjs";
import { setImmediate as nextPhase, setTimeout as sleep } from "node:timers/promises";
import { load } from "../load.mjs";
import { openSession } from "../session.mjs";
import { serve } from "./serve.mjs";

/** The time in ms on a clock that all processes of the machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Waits `ms`, or only for other events if that is 0: a timer lasts 1 ms at least. */
const pause = (ms) => (ms > 0 ? sleep(ms) : nextPhase());

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
      await pause(hold);
      lease[1] = Math.min(now(), end);
      await release().catch(() => record.failures++);
      await pause(think);
    }
  };
  go();
  return () => ({ ...record, unfinished: asked === null ? 0 : end - asked });
}

/**
 * Opens the contenders' connections: a set for all of them if `shared`, and otherwise one for each. Warms up without contention;
 * and then, with `warmUp`, all processes at once with it: code that waits and is woken runs too seldom to become fast within a
 * measurement.
 */
serve(async ({ name, contenders, shared, warmUp, settings }) => {
  const sessions = [];
  for (let index = 0; index < (shared ? 1 : contenders); index++)
    sessions.push(await openSession(name, settings));
  await Promise.all(
    sessions.map(({ acquire }, index) =>
      load({ acquire, callers: 1, duration: 200, resourceOf: () => `own:${process.pid}:${index}` }),
    ),
  );
  const all = Array.from({ length: contenders }, (_, index) => sessions[shared ? 0 : index]);
  return async ({ start, first, ...order }) => {
    if (warmUp !== undefined) {
      const { duration, rest, work } = warmUp;
      const warming = { ...order, ...work, resource: `${order.resource}:warm-up`, end: start - rest };
      await sleep(warming.end - duration - now());
      for (const [index, session] of all.entries()) contend(session, warming, first + index);
    }
    await sleep(start - now());
    const results = all.map((session, index) => contend(session, order, first + index));
    await sleep(order.end - now());
    return results.map((result) => result());
  };
});
