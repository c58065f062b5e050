/** Leases of a process whose job blocks the event loop for most of the time. */
import { lockNames } from "../systems.mjs";
import { inTurns } from "../turns.mjs";
import { hold } from "./holding.mjs";

const job = { leases: 200, ttl: 2_000, ttls: 4 };

/** `block` of each `period`, in ms. */
const plans = {
  full: {
    rounds: 2,
    loops: [
      { block: 200, period: 250 },
      { block: 800, period: 1_000 },
    ],
  },
  quick: { rounds: 1, loops: [{ block: 200, period: 250 }] },
};

async function run(plan, progress) {
  const cells = [];
  for (const busy of plan.loops) {
    const results = await inTurns(lockNames, plan.rounds, (name) => {
      progress(`busy ${busy.block} of ${busy.period} ms, ${name}`);
      return hold(name, { ...job, busy });
    });
    cells.push({ ...busy, results });
  }
  return { ...job, rounds: plan.rounds, cells };
}

export const busy = { title: "a busy event loop", plans, run };
