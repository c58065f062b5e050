/** The throughput of locks that are watched, compared with that of the same locks unwatched. */
import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "../child.mjs";
import { startServers } from "../servers.mjs";
import { inTurns } from "../turns.mjs";
import { ways } from "../watching/ways.mjs";

const nodes = 1;
const callers = 100;
/** Pause in ms, so that the previous measurement can finish its work. */
const pause = 200;

const plans = {
  full: { rounds: 5, duration: 1_000, warmUp: 2_000 },
  quick: { rounds: 3, duration: 500, warmUp: 1_000 },
};

async function measure(child, { observer: way }, ports, duration) {
  const observer = way && (await startChild("observer", { way, ports, ...(await child.ask()) }));
  const before = await observer?.ask();
  await sleep(pause);
  const result = await child.ask({ duration });
  if (observer) result.seen = (await observer.go({ close: true })) - before;
  return result;
}

async function run(plan, progress) {
  const { ports, stop } = await startServers(nodes);
  const names = Object.keys(ways);
  const children = {};
  // Started one after the other, so that each child warms up alone.
  for (const way of names) {
    progress(`starting: ${way}`);
    const job = { entry: import.meta.resolve("holdfast"), ports, callers, warmUp: plan.warmUp, way };
    children[way] = await startChild("watched", { ...job, serves: ways[way].serves ?? false });
  }
  const results = await inTurns(names, plan.rounds, async (name) => {
    progress(name);
    const result = await measure(children[name], ways[name], ports, plan.duration);
    if (name !== "unwatched" && result.seen === 0) throw new Error(`${name}: the watcher received nothing`);
    return result;
  });
  for (const child of Object.values(children)) child.stop();
  stop();
  return { nodes, callers, ...plan, results };
}

export const watching = { title: "watched locks", plans, run };
