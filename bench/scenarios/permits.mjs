/** Permits of a semaphore on one node, beside those of redis-semaphore. */
import { startChild } from "../child.mjs";
import { controlOf } from "../control.mjs";
import { startServers } from "../servers.mjs";
import { inTurns } from "../turns.mjs";

const systems = ["holdfast", "redis-semaphore"];
const situations = [
  { callers: 1, permits: 5, hold: 0 },
  { callers: 100, permits: 100, hold: 0 },
  { callers: 20, permits: 5, hold: 2 },
];

const plans = {
  full: { rounds: 5, duration: 1_000, warmUp: 1_000 },
  quick: { rounds: 3, duration: 400, warmUp: 500 },
};

async function run({ rounds, duration, warmUp }, progress) {
  const { ports, stop } = await startServers(1);
  const control = controlOf(ports);
  const children = {};
  for (const name of systems) children[name] = await startChild("permits", { name, ports, warmUp });
  const cells = [];
  for (const situation of situations) {
    const results = await inTurns(systems, rounds, async (name) => {
      progress(`${situation.callers} callers, ${situation.permits} permits, ${name}`);
      await control.flush();
      return children[name].ask({ ...situation, duration });
    });
    cells.push({ ...situation, results });
  }
  for (const child of Object.values(children)) child.stop();
  control.close();
  stop();
  return { rounds, duration, cells };
}

export const permits = { title: "permits", plans, run };
