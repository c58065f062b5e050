/** Many leases at once, renewed automatically, with each system in its own process. */
import { startChild } from "../child.mjs";
import { startServers } from "../servers.mjs";
import { lockNames } from "../systems.mjs";

const nodes = 3;

/**
 * `ttls`: the duration of the measurement in TTLs. `atOnce`: the number of systems measured at the same time, each on its
 * own servers, where renewing takes little of the machine and most of the time is spent waiting.
 */
const cell = (leases, ttl, ttls, atOnce) => ({ leases, ttl, ttls, atOnce });

const plans = {
  full: {
    cells: [
      cell(2_000, 2_000, 4, 1),
      cell(20_000, 2_000, 4, 1),
      cell(2_000, 10_000, 4, 2),
      cell(20_000, 10_000, 4, 2),
    ],
  },
  quick: { cells: [cell(2_000, 2_000, 4, 2)] },
};

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
    for (let first = 0; first < lockNames.length; first += each.atOnce) {
      await Promise.all(lockNames.slice(first, first + each.atOnce).map(one));
    }
    cells.push({ ...each, results });
  }
  return { nodes, cells };
}

export const holding = { title: "many leases held", plans, run };
