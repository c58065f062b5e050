/** Many leases at once, renewed automatically, with each system in its own process. */
import { startChild } from "../child.mjs";
import { startServers } from "../servers.mjs";
import { lockNames } from "../systems.mjs";

const nodes = 3;

/**
 * `ttls`: the duration of the measurement in TTLs. `atOnce`: the number of systems measured at the same time, each on its
 * own servers, where renewing takes little of the machine and most of the time is spent waiting.
 */
const cell = (leases, ttl, ttls, atOnce, rounds) => ({ leases, ttl, ttls, atOnce, rounds });

const plans = {
  full: {
    cells: [
      cell(2_000, 2_000, 4, 1, 3),
      cell(20_000, 2_000, 4, 1, 1),
      cell(2_000, 10_000, 3, 2, 3),
      cell(20_000, 10_000, 4, 2, 1),
    ],
  },
  quick: { cells: [cell(2_000, 2_000, 4, 2, 1)] },
};

/** Measures one system. `busy` makes its process block its event loop: see children/holder.mjs. */
export async function hold(name, { leases, ttl, ttls, busy }) {
  const { ports, stop } = await startServers(nodes);
  try {
    const child = await startChild("holder", { name, leases, ttl, window: ttls * ttl, ports, busy });
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
    const results = Object.fromEntries(lockNames.map((name) => [name, []]));
    const one = async (name, round) => {
      progress(`${each.leases} leases, ttl ${each.ttl}, ${name}`);
      results[name][round] = await hold(name, each);
    };
    const order = [...lockNames];
    for (let round = 0; round < each.rounds; round++) {
      for (let first = 0; first < order.length; first += each.atOnce) {
        await Promise.all(order.slice(first, first + each.atOnce).map((name) => one(name, round)));
      }
      order.push(order.shift());
    }
    cells.push({ ...each, results });
  }
  return { nodes, cells };
}

export const holding = { title: "many leases held", plans, run };
