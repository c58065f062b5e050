import { setTimeout as sleep } from "node:timers/promises";
import type { DemoServers } from "./demo-servers.js";
import type { WorkerPool } from "./worker-pool.js";

/** With fewer nodes every one of them is needed for a quorum. */
const leastToSpareOne = 3;
/** ms between two looks at what a node keeps. */
const look = 100;

/**
 * What is done to the nodes, and when: each step waits for what the locks themselves tell. Rejects with the signal's
 * reason if time runs out before the end.
 */
export async function runScenario(
  workers: WorkerPool,
  servers: DemoServers,
  resource: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await workers.next(["renewed"], signal);
  await workers.next(["released"], signal);
  if (servers.names.length >= leastToSpareOne) {
    await oneNodeLess(workers, servers, resource, say, signal);
    await workers.next(["released"], signal);
  }
  await noQuorum(workers, servers, say, signal);
  await workers.next(["acquired"], signal);
  await workers.next(["released"], signal);
}

async function oneNodeLess(
  workers: WorkerPool,
  servers: DemoServers,
  resource: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  workers.workLoop.keepOn();
  await workers.taken(signal);
  say(servers.breakOne());
  await workers.next(["renewed"], signal);
  say(servers.mendOne());
  const name = servers.names.at(-1);
  while (!(await holds(workers, resource, servers.names.length - 1)))
    await sleep(look, undefined, { signal });
  say(`${name} ${servers.mended}`);
  workers.workLoop.letGo();
}

/** Whether that node has the key; asked over a connection of the holder's. */
async function holds(workers: WorkerPool, resource: string, index: number): Promise<boolean> {
  const inspection = await (workers.holder ?? workers.workers[0])?.locks.inspect(resource);
  const node = inspection?.nodes[index];
  return node?.state === "held" && node.holder?.tokenHash === inspection?.holder?.tokenHash;
}

async function noQuorum(
  workers: WorkerPool,
  servers: DemoServers,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let seen = false; !seen; ) {
    workers.workLoop.keepOn();
    await workers.taken(signal);
    await workers.next(["renewed"], signal);
    say(servers.breakMajority());
    // A machine that is too busy may find the lease over before a renewal could fail: then once more.
    const first = await workers.next(["quorumLost", "expired"], signal);
    seen = first.name === "quorumLost";
    if (seen) await workers.next(["expired"], signal);
    say(servers.mendMajority());
    workers.workLoop.letGo();
  }
}
