import { setTimeout as sleep } from "node:timers/promises";
import type { Stage } from "./demo-servers.js";
import type { Crew } from "./worker-pool.js";

/** With fewer nodes every one of them is needed for a quorum. */
const leastToSpareOne = 3;
/** ms between two looks at what a node keeps. */
const look = 100;

/**
 * What is done to the nodes, and when: each step waits for what the locks themselves tell. Rejects with the signal's
 * reason if time runs out before the end.
 */
export async function tellStory(
  crew: Crew,
  stage: Stage,
  resource: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await crew.next(["renewed"], signal);
  await crew.next(["released"], signal);
  if (stage.names.length >= leastToSpareOne) {
    await oneNodeLess(crew, stage, resource, say, signal);
    await crew.next(["released"], signal);
  }
  await noQuorum(crew, stage, say, signal);
  await crew.next(["acquired"], signal);
  await crew.next(["released"], signal);
}

async function oneNodeLess(
  crew: Crew,
  stage: Stage,
  resource: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  crew.shift.keepOn();
  await crew.taken(signal);
  say(stage.breakOne());
  await crew.next(["renewed"], signal);
  say(stage.mendOne());
  const name = stage.names.at(-1);
  while (!(await holds(crew, resource, stage.names.length - 1))) await sleep(look, undefined, { signal });
  say(`${name} ${stage.mended}`);
  crew.shift.letGo();
}

/** Whether that node has the key; asked over a connection of the holder's. */
async function holds(crew: Crew, resource: string, index: number): Promise<boolean> {
  const inspection = await (crew.holder ?? crew.workers[0])?.locks.inspect(resource);
  const node = inspection?.nodes[index];
  return node?.state === "held" && node.holder?.tokenHash === inspection?.holder?.tokenHash;
}

async function noQuorum(
  crew: Crew,
  stage: Stage,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let seen = false; !seen; ) {
    crew.shift.keepOn();
    await crew.taken(signal);
    await crew.next(["renewed"], signal);
    say(stage.breakMajority());
    // A machine that is too busy may find the lease over before a renewal could fail: then once more.
    const first = await crew.next(["quorumLost", "expired"], signal);
    seen = first.name === "quorumLost";
    if (seen) await crew.next(["expired"], signal);
    say(stage.mendMajority());
    crew.shift.letGo();
  }
}
