import { setTimeout as sleep } from "node:timers/promises";
import type { DemoServers } from "./demo-servers.js";
import type { Chapter } from "./demo-story.js";
import type { WorkerPool } from "./worker-pool.js";

/** With fewer nodes every node is needed for a quorum. */
const minNodesForOneLoss = 3;
/** Interval in ms at which a node's key is checked. */
const checkInterval = 100;

/** What is told beside the events of the locks. */
export interface Narration {
  /** Something happened to a node. */
  say(text: string): void;
  /** A chapter begins. */
  tell(chapter: Chapter): void;
  /** Resolves when the reader has had time for the chapter. */
  read(signal: AbortSignal): Promise<void>;
}

/** The chapters of the demo on so many nodes, each with what it does. */
export function chaptersOf(resource: string, workers: number, nodes: number): readonly SceneChapter[] {
  const one: SceneChapter[] = [
    {
      title: "One node breaks",
      why: `A majority of the nodes decides: with ${nodes - 1} of ${nodes} the holder renews its lease all the same.`,
      play: loseOne,
    },
    {
      title: "The node is back, and has forgotten the lock",
      why: "The next renewal gives it the lock again, so that all nodes agree.",
      play: healOne,
    },
  ];
  return [
    {
      title: "One at a time",
      why: `${workers} workers want ${resource}. One of them holds it; the others wait in line, and whoever came first is next.`,
      play: contend,
    },
    {
      title: "A lease, renewed while the job runs",
      why: "Nobody holds the lock for ever: a lease runs out by itself, so that a worker that dies stops nobody. While its job runs, the holder renews it.",
      play: renew,
    },
    ...(nodes >= minNodesForOneLoss ? one : []),
    {
      title: "Most nodes break: the lease is lost in time",
      why: "Without a majority, nobody can be sure of the lock. The renewal fails, and the job is told to stop before the lease runs out; nobody else can hold the lock earlier.",
      play: loseMost,
    },
    {
      title: "The nodes are back",
      why: "Whoever has waited longest holds the lock now. What went wrong, and why, stays among the incidents.",
      play: recover,
    },
  ];
}

type Scene = (stage: Stage, signal: AbortSignal) => Promise<void>;

interface SceneChapter extends Chapter {
  readonly play: Scene;
}

interface Stage {
  readonly workers: WorkerPool;
  readonly servers: DemoServers;
  readonly resource: string;
  readonly say: (text: string) => void;
}

/**
 * Plays the chapters in order. Each waits for events of the locks, and for its reader. Rejects with the signal's reason if
 * `signal` aborts before the end.
 */
export async function runScenario(
  chapters: readonly SceneChapter[],
  stage: Omit<Stage, "say">,
  { say, tell, read }: Narration,
  signal: AbortSignal,
): Promise<void> {
  for (const chapter of chapters) {
    tell(chapter);
    await chapter.play({ ...stage, say }, signal);
    await read(signal);
  }
}

async function contend({ workers }: Stage, signal: AbortSignal): Promise<void> {
  await workers.whenHeld(signal);
  await workers.next(["released"], signal);
}

async function renew({ workers }: Stage, signal: AbortSignal): Promise<void> {
  await workers.next(["renewed"], signal);
}

async function loseOne({ workers, servers, say }: Stage, signal: AbortSignal): Promise<void> {
  workers.workLoop.keepHolding();
  await workers.whenHeld(signal);
  say(servers.breakOne());
  await workers.next(["renewed"], signal);
}

async function healOne({ workers, servers, resource, say }: Stage, signal: AbortSignal): Promise<void> {
  say(servers.restoreOne());
  while (!(await holds(workers, resource, servers.names.length - 1)))
    await sleep(checkInterval, undefined, { signal });
  say(`${servers.names.at(-1)} ${servers.restored}`);
  workers.workLoop.allowRelease();
  await workers.next(["released"], signal);
}

/** Whether that node has the key of the current holder; asked over the holder's connection. */
async function holds(workers: WorkerPool, resource: string, index: number): Promise<boolean> {
  const inspection = await (workers.holder ?? workers.workers[0])?.locks.inspect(resource);
  const node = inspection?.nodes[index];
  return node?.state === "held" && node.holder?.tokenHash === inspection?.holder?.tokenHash;
}

async function loseMost({ workers, servers, say }: Stage, signal: AbortSignal): Promise<void> {
  for (;;) {
    workers.workLoop.keepHolding();
    await workers.whenHeld(signal);
    await workers.next(["renewed"], signal);
    say(servers.breakMajority());
    const first = await workers.next(["quorumLost", "expired"], signal);
    if (first.name === "quorumLost") break;
    // On a very busy machine the lease may expire before a renewal fails: then the step is repeated.
    say(servers.restoreMajority());
    workers.workLoop.allowRelease();
  }
  await workers.next(["expired"], signal);
}

async function recover({ workers, servers, say }: Stage, signal: AbortSignal): Promise<void> {
  const acquired = workers.next(["acquired"], signal);
  say(servers.restoreMajority());
  workers.workLoop.allowRelease();
  await acquired;
  await workers.next(["released"], signal);
}
