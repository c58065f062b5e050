/** Resources that are spread over one group of nodes and over two. */
import { startChild } from "../child.mjs";
import { controlOf } from "../control.mjs";
import { startServers } from "../servers.mjs";
import { inTurns } from "../turns.mjs";

const size = 3;
const counts = [1, 2];

const plans = {
  full: { rounds: 5, duration: 1_000, warmUp: 1_000, callers: [100, 1_000] },
  quick: { rounds: 3, duration: 400, warmUp: 500, callers: [100, 1_000] },
};

/** Measures a slice of load, and the processor time that the busiest server took for each pair, in µs. */
async function slice(child, control, order) {
  const before = await control.cpu();
  const figures = await child.ask(order);
  const after = await control.cpu();
  const busiest = Math.max(...after.map((used, index) => used - before[index]));
  return { ...figures, serverCpu: (busiest * 1e6) / figures.pairs };
}

async function run(plan, progress) {
  const { ports, stop } = await startServers(size * Math.max(...counts));
  const control = controlOf(ports);
  const children = {};
  for (const count of counts) {
    const groups = Array.from({ length: count }, (_, index) => ports.slice(index * size, (index + 1) * size));
    progress(`starting: ${count}`);
    children[count] = await startChild("grouped", {
      groups,
      callers: Math.max(...plan.callers),
      warmUp: plan.warmUp,
    });
  }
  const end = (result) => {
    for (const child of Object.values(children)) child.stop();
    control.close();
    stop();
    return { size, ...plan, ...result };
  };
  const { refused } = await children[1].ask({ callers: 1, duration: 1 });
  if (refused !== undefined) {
    progress(`left out: ${refused}`);
    return end({ refused });
  }
  const cells = [];
  for (const callers of plan.callers) {
    const results = await inTurns(Object.keys(children), plan.rounds, (count) => {
      progress(`${callers} callers, groups: ${count}`);
      return slice(children[count], control, { callers, duration: plan.duration });
    });
    cells.push({ callers, results });
  }
  return end({ cells });
}

export const groups = { title: "groups of nodes", plans, run };
