/** Processes that contend for one resource, while others are killed as they wait for it. */
import { startChild } from "../child.mjs";
import { controlOf } from "../control.mjs";
import { handoversOf } from "../handovers.mjs";
import { startServers } from "../servers.mjs";
import { contenderNames, isPeer, systemNamed } from "../systems.mjs";
import { inTurns } from "../turns.mjs";

const nodes = 3;
const ttl = 5_000;
const contenders = 4;
const victims = 3;
const work = { resource: "contended", hold: 5, think: 2 };
/** A victim is killed after waiting for so many ms: less than its turn takes to come. */
const patience = 8;

const plans = {
  full: { rounds: 5, duration: 2_000 },
  quick: { rounds: 1, duration: 1_200 },
};

/** The longest time in ms without a holder, between the leases and until the end. */
function longestGap(leases, end) {
  const released = Math.max(...leases.map(([, released]) => released));
  return Math.max(...handoversOf(leases), end - released);
}

async function contest(ports, name, duration) {
  const settings = { ports, ttl, patient: isPeer(name), retryDelay: systemNamed(name).retryDelays.at(-1) };
  const start = (program) => startChild(program, { name, contenders: 1, settings });
  const many = (count, program) => Promise.all(Array.from({ length: count }, () => start(program)));
  const running = await many(contenders, "contender");
  const waiting = await many(victims, "victim");
  const begin = Number(process.hrtime.bigint()) / 1e6 + 100;
  const end = begin + duration;
  let dead = 0;
  // A victim never answers: it is killed.
  for (const [index, { ask }] of waiting.entries()) {
    const at = begin + (duration * (index + 1)) / (victims + 1);
    ask({ at, resource: work.resource, patience }).catch(() => dead++);
  }
  const records = await Promise.all(
    running.map(({ go }, index) => go({ start: begin, end, first: index, ...work })),
  );
  const died = dead;
  for (const { stop } of waiting) stop();
  const leases = records.flat().flatMap((record) => record.leases);
  return {
    longestGap: leases.length === 0 ? duration : longestGap(leases, end),
    leases: leases.length,
    killed: died,
  };
}

async function run(plan, progress) {
  const { ports, stop } = await startServers(nodes);
  const control = controlOf(ports);
  const results = await inTurns(contenderNames(), plan.rounds, async (name) => {
    progress(name);
    await control.flush();
    return contest(ports, name, plan.duration);
  });
  control.close();
  stop();
  return { nodes, ttl, contenders, victims, patience, ...work, ...plan, results };
}

export const killed = { title: "a waiter that is killed", plans, run };
