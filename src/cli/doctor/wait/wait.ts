import { named } from "../../../support/names.js";
import type { Target } from "../target.js";
import { count } from "../words.js";
import type { MissingLock } from "./lock-keys.js";
import { look } from "./look.js";
import type { Obstacle } from "./obstacle.js";

/** Pause in ms between two looks at the nodes. */
const pauseMs = 500;
/** Pause in ms before the last look, in which programs reconnect to a node that has just started. */
const settleMs = 1_000;
/** The shortest wait in ms: a healthy set is found so twice in about this time. */
export const shortestWait = settleMs;

/** A node that is waited for. */
export interface AwaitedNode extends Obstacle {
  readonly node: string;
  /** For how many ms. */
  readonly awaited: number;
  /** Locks that a quorum of the other nodes holds, and that are not on the node. */
  readonly missing: number;
}

/** The result of a wait. */
export interface WaitResult {
  /** ms. */
  readonly waited: number;
  /** The nodes that are waited for at the end; empty if every node votes and is healed. */
  readonly awaited: readonly AwaitedNode[];
  /** How many locks were compared. Null if the last look could not compare them. */
  readonly locks: number | null;
  /** Whether all keys of each node were looked at. */
  readonly complete: boolean;
}

export interface WaitOptions {
  /** Put before each resource. */
  readonly prefix: string;
  /** How long a node may be silent, in ms. */
  readonly timeout: number;
  /** How long to wait, in ms. The last look may begin a pause later, and end later by the time for which a node may be silent. */
  readonly wait: number;
  /** Receives the nodes that are waited for, after each look. */
  readonly onLook: (awaited: readonly AwaitedNode[]) => void;
}

/**
 * Waits until every node votes and is healed: every lock that a quorum of the other nodes holds is on it too. The nodes must
 * be found so twice, with a pause that may end after the wait.
 *
 * @throws CommandError if a node cannot be asked for a reason that does not end by itself, such as a wrong password.
 */
export async function waitForNodes(
  targets: readonly Target[],
  { prefix, timeout, wait, onLook }: WaitOptions,
): Promise<WaitResult> {
  const started = performance.now();
  const waited = () => Math.round(performance.now() - started);
  /** When each node began to be waited for, in ms of the wait; null for a node that is not. */
  const since = targets.map((): number | null => null);
  let keys: readonly string[] | null = null;
  let [wasWell, complete, locks] = [false, true, null as number | null];
  for (;;) {
    const { obstacles, comparison } = await look(targets, { prefix, timeout, keys });
    const time = waited();
    const awaited = targets.flatMap(({ name: node }, index): AwaitedNode[] => {
      const missing = (comparison?.missing ?? []).filter((lock) => lock.node === index);
      const obstacle = obstacles[index] ?? notHealed(missing, prefix);
      since[index] = obstacle === null ? null : (since[index] ?? time);
      if (obstacle === null) return [];
      return [{ node, ...obstacle, awaited: time - (since[index] ?? time), missing: missing.length }];
    });
    onLook(awaited);
    if (comparison === null) locks = null;
    else if (keys === null) ({ locks, complete } = comparison);
    const isWell = awaited.length === 0;
    if (isWell ? wasWell : waited() >= wait) return { waited: waited(), awaited, locks, complete };
    // Until the locks that are missing have come or gone, only they are looked at.
    keys = isWell || comparison === null ? null : [...new Set(comparison.missing.map(({ key }) => key))];
    wasWell = isWell;
    await pause(isWell ? settleMs : Math.min(pauseMs, Math.max(0, wait - waited())));
  }
}

function notHealed(missing: readonly MissingLock[], prefix: string): Obstacle | null {
  if (missing.length === 0) return null;
  const names = named(missing.map(({ key }) => key.slice(prefix.length)));
  const locks = count(missing.length, "lock");
  const cause = `it votes, and lacks ${locks} that a quorum of the other nodes holds: ${names}`;
  return { why: "notHealed", cause, left: null };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
