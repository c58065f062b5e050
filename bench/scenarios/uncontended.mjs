/** Acquires and releases resources without contention. */
import { controlOf } from "../control.mjs";
import { load } from "../load.mjs";
import { startServers } from "../servers.mjs";
import { openSession } from "../session.mjs";
import { namesFor } from "../systems.mjs";
import { inTurns } from "../turns.mjs";

const ttl = 10_000;

const plans = {
  full: { rounds: 5, duration: 300, warmUp: 700, callers: [1, 100, 1_000], nodes: [1, 3, 5] },
  quick: { rounds: 3, duration: 120, warmUp: 300, callers: [1, 100], nodes: [1, 3] },
};

/** Measures one slice of load, and the commands per node that it took. */
async function slice(session, control, nodes, callers, duration) {
  const sent = session.sent();
  const processed = await control.processed();
  const figures = await load({ acquire: session.acquire, callers, duration });
  const run = (await control.processed())[0] - processed[0] - 1;
  return {
    ...figures,
    commands: (session.sent() - sent) / nodes / figures.pairs,
    processed: run / figures.pairs,
  };
}

async function compare(ports, client, plan, progress) {
  const control = controlOf(ports);
  const names = namesFor(client);
  const sessions = {};
  for (const name of names) sessions[name] = await openSession(name, { ports, client, ttl });
  const cells = [];
  for (const callers of plan.callers) {
    progress(`${client}, ${ports.length} nodes, ${callers} callers`);
    const measure = (name, duration) => slice(sessions[name], control, ports.length, callers, duration);
    for (const name of names) await measure(name, plan.warmUp);
    const results = await inTurns(names, plan.rounds, (name) => measure(name, plan.duration));
    await control.flush();
    cells.push({ client, nodes: ports.length, callers, results });
  }
  for (const session of Object.values(sessions)) await session.close();
  control.close();
  return cells;
}

async function run(plan, progress) {
  const { ports, stop } = await startServers(5);
  const cells = [];
  for (const client of ["ioredis", "node-redis"]) {
    for (const nodes of plan.nodes) {
      cells.push(...(await compare(ports.slice(0, nodes), client, plan, progress)));
    }
  }
  stop();
  return { ttl, ...plan, cells };
}

export const uncontended = { title: "uncontended", plans, run };
