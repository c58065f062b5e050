/** Many leases at once, renewed automatically, each system in a process of its own. */
import { startChild } from "../child.mjs";
import { startServers } from "../servers.mjs";
import { lockNames } from "../systems.mjs";

const nodes = 3;

/** `ttls`: how many ttls are measured. */
const cell = (leases, ttl, ttls) => ({ leases, ttl, ttls });

const plans = {
  full: {
    cells: [cell(2_000, 2_000, 4), cell(20_000, 2_000, 4), cell(2_000, 10_000, 3), cell(20_000, 10_000, 3)],
  },
  quick: { cells: [cell(2_000, 2_000, 3)] },
};

/** Renewals that the machine does without effort are measured side by side: what is counted stays the same. */
const isLight = ({ leases, ttl }) => (leases / ttl) * 1_000 <= 500;

async function measure(name, { leases, ttl, ttls }) {
  const { ports, stop } = await startServers(nodes);
  try {
    const child = await startChild("holder", { name, leases, ttl, window: ttls * ttl, ports });
    return await child.go();
  } catch (error) {
    return { error: error.message.split("\n")[0] };
  } finally {
    stop();
  }
}

async function run(plan, progress) {
  const cells = [];
  for (const each of plan.cells) {
    const results = {};
    const one = async (name) => {
      progress(`${each.leases} leases, ttl ${each.ttl}, ${name}`);
      results[name] = await measure(name, each);
    };
    if (isLight(each)) await Promise.all(lockNames.map(one));
    else for (const name of lockNames) await one(name);
    cells.push({ ...each, sideBySide: isLight(each), results });
  }
  return { nodes, cells };
}

export const holding = { title: "many leases held", plans, run };
