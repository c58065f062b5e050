import { setTimeout as sleep } from "node:timers/promises";
import type { DemoServers } from "./demo-servers.js";
import type { WorkerPool } from "./worker-pool.js";

/** With fewer nodes every node is needed for a quorum. */
const minNodesForOneLoss = 3;
/** Interval in ms at which a node's key is checked. */
const checkInterval = 100;

/** What is told beside the events of the locks. */
export interface Narration {
  /** Something happened to a node. */
  say(text: string): void;
  /** What happens next, and why. */
  explain(text: string): void;
}

/**
 * The faults of the demo, in order. Each step waits for events of the locks. Rejects with the signal's reason if
 * `signal` aborts before the end.
 */
export async function runScenario(
  workers: WorkerPool,
  servers: DemoServers,
  resource: string,
  { say, explain }: Narration,
  signal: AbortSignal,
): Promise<void> {
  explain(
    `The workers all want ${resource}. One at a time holds it, and renews its lease while its job runs; the others wait in line.`,
  );
  await workers.next(["renewed"], signal);
  await workers.next(["released"], signal);
  if (servers.names.length >= minNodesForOneLoss) {
    explain(
      "Now one node breaks. The others are still a majority, so the holder renews its lease all the same.",
    );
    await oneNodeLess(workers, servers, resource, say, signal);
    await workers.next(["released"], signal);
  }
  explain(
    "Now most nodes break. No majority can renew the lease, so the job is told to stop before the lease runs out: nobody else can hold the lock before that.",
  );
  await noQuorum(workers, servers, say, signal);
  explain("The nodes are back: whoever has waited longest comes next.");
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
  workers.workLoop.keepHolding();
  await workers.whenHeld(signal);
  say(servers.breakOne());
  await workers.next(["renewed"], signal);
  say(servers.restoreOne());
  const name = servers.names.at(-1);
  while (!(await holds(workers, resource, servers.names.length - 1)))
    await sleep(checkInterval, undefined, { signal });
  say(`${name} ${servers.restored}`);
  workers.workLoop.allowRelease();
}

/** Whether that node has the key of the current holder; asked over the holder's connection. */
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
    workers.workLoop.keepHolding();
    await workers.whenHeld(signal);
    await workers.next(["renewed"], signal);
    say(servers.breakMajority());
    // On a very busy machine the lease may expire before a renewal fails: then the step is repeated.
    const first = await workers.next(["quorumLost", "expired"], signal);
    seen = first.name === "quorumLost";
    if (seen) await workers.next(["expired"], signal);
    say(servers.restoreMajority());
    workers.workLoop.allowRelease();
  }
}
