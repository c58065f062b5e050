/** Five nodes: all healthy, one hung, or one slow. */
import { startChild } from "../child.mjs";
import { controlOf } from "../control.mjs";
import { freePort, startServers } from "../servers.mjs";
import { lockNames } from "../systems.mjs";
import { inTurns } from "../turns.mjs";

const nodes = 5;
const delay = 20;
const job = { ttl: 10_000, callers: 1, warmUp: 300, bound: 2_000 };

const plans = {
  full: { rounds: 3, duration: 1_000 },
  quick: { rounds: 1, duration: 300 },
};

/** The last node in each condition: its port, and what to do before and after the measurement. */
function conditions(port, pid, slowPort) {
  const nothing = () => {};
  return {
    healthy: { port, begin: nothing, end: nothing },
    hung: { port, begin: () => process.kill(pid, "SIGSTOP"), end: () => process.kill(pid, "SIGCONT") },
    slow: { port: slowPort, begin: nothing, end: nothing },
  };
}

async function measure(name, ports, { port, begin, end }, plan) {
  const asked = [...ports.slice(0, -1), port];
  const child = await startChild("prober", { name, ports: asked, duration: plan.duration, ...job });
  begin();
  try {
    return await child.go();
  } finally {
    end();
  }
}

async function run(plan, progress) {
  const { ports, pids, stop } = await startServers(nodes);
  const slowPort = await freePort();
  const proxy = await startChild("slow-proxy", { port: slowPort, target: ports.at(-1), delay });
  const control = controlOf(ports);
  const results = {};
  for (const [condition, last] of Object.entries(conditions(ports.at(-1), pids.at(-1), slowPort))) {
    const hanging = new Set();
    results[condition] = await inTurns(lockNames, plan.rounds, async (name) => {
      if (hanging.has(name)) return { hangs: true };
      progress(`${condition}, ${name}`);
      await control.flush();
      const result = await measure(name, ports, last, plan);
      if (result.hangs) hanging.add(name);
      return result;
    });
  }
  control.close();
  proxy.stop();
  stop();
  return { nodes, delay, ...job, ...plan, results };
}

export const faults = { title: "a faulty node", plans, run };
