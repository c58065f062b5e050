import type { Memory } from "../../../engine/protocol/memory.js";
import { CommandError, exitCode } from "../../exit.js";
import { lastingAdvice, unreachableWords } from "../checks/reachability.js";
import { EntryError, enter } from "../entry.js";
import { Session } from "../session.js";
import type { Target } from "../target.js";
import {
  type ComparedNode,
  type Comparison,
  ComparisonError,
  compare,
  type MissingLock,
  scanKeys,
} from "./lock-keys.js";
import { abstentions, askMemory } from "./node-state.js";
import type { Obstacle } from "./obstacle.js";

/** What one look at all nodes found. */
export interface Look {
  /** Why each node is not as before, in the order of the nodes; null for a node that votes. */
  readonly obstacles: readonly (Obstacle | null)[];
  /** The locks of the nodes, if all nodes vote; null otherwise. */
  readonly comparison: Comparison | null;
}

export interface LookOptions {
  /** Put before each resource. */
  readonly prefix: string;
  /** How long a node may be silent, in ms. */
  readonly timeout: number;
  /** The keys to compare; null for all under the prefix. */
  readonly keys: readonly string[] | null;
}

/** Pause in ms before a lock that is missing is looked for once more. */
const secondReadMs = 200;

/**
 * Looks at all nodes. If all of them vote, compares their locks. Changes nothing on the servers.
 *
 * @throws CommandError if a node cannot be asked for a reason that does not end by itself, such as a wrong password.
 */
export async function look(targets: readonly Target[], options: LookOptions): Promise<Look> {
  const nodes = await Promise.all(targets.map((target) => open(target, options.timeout)));
  try {
    const lasting = nodes.flatMap((node) => node.lasting ?? []);
    if (lasting.length > 0)
      throw new CommandError(exitCode.unavailable, `${lasting.join("; ")}; waiting does not help`);
    const away = nodes.map(({ obstacle }) => obstacle);
    const abstaining = abstentions(nodes.map(({ memory }) => memory));
    const obstacles = targets.map((_, index) => away[index] ?? abstaining[index] ?? null);
    if (obstacles.some((obstacle) => obstacle !== null)) return { obstacles, comparison: null };
    return await compared(nodes, obstacles, options);
  } finally {
    for (const { session } of nodes) session.close();
  }
}

interface OpenNode extends ComparedNode {
  /** Undefined if the node could not be asked. */
  readonly memory: Memory | null | undefined;
  readonly obstacle: Obstacle | null;
  /** The node, and why it cannot be asked, if that does not end by itself. */
  readonly lasting?: string;
}

async function open(target: Target, timeout: number): Promise<OpenNode> {
  const session = await Session.prepare(target, timeout);
  const node = { name: target.name, session };
  try {
    await enter(session, target);
  } catch (thrown) {
    if (!(thrown instanceof EntryError)) throw thrown;
    const words = unreachableWords(thrown);
    const away = { ...node, memory: undefined, obstacle: unreachable(words) };
    const advice = lastingAdvice(thrown.failure);
    return advice === null ? away : { ...away, lasting: `${target.name}: ${words}: ${advice}` };
  }
  const answer = await askMemory(session);
  if (answer.ok) return { ...node, memory: answer.value.memory, obstacle: null };
  return { ...node, memory: undefined, obstacle: unreachable(answer.refusal.message) };
}

const unreachable = (cause: string): Obstacle => ({ why: "unreachable", cause, left: null });

async function compared(
  nodes: readonly OpenNode[],
  obstacles: Look["obstacles"],
  { prefix, timeout, keys }: LookOptions,
): Promise<Look> {
  try {
    const scan = keys === null ? await scanKeys(nodes, prefix) : { keys, complete: true };
    const first = await compare(nodes, scan.keys);
    const missing = first.missing.length === 0 ? [] : await stillMissing(nodes, first.missing, timeout);
    return { obstacles, comparison: { missing, locks: first.locks, complete: scan.complete } };
  } catch (thrown) {
    if (!(thrown instanceof ComparisonError)) throw thrown;
    const failed = nodes.map(({ name }) => (name === thrown.node ? unreachable(thrown.message) : null));
    return { obstacles: failed, comparison: null };
  }
}

/** A lock that is missing once may be one that is being acquired or released. */
async function stillMissing(
  nodes: readonly OpenNode[],
  missing: readonly MissingLock[],
  timeout: number,
): Promise<MissingLock[]> {
  await new Promise((resolve) => setTimeout(resolve, Math.min(secondReadMs, timeout / 2)));
  const again = await compare(nodes, [...new Set(missing.map(({ key }) => key))]);
  const before = new Set(missing.map(idOf));
  return again.missing.filter((lock) => before.has(idOf(lock)));
}

const idOf = ({ node, key, digest }: MissingLock) => `${node} ${digest} ${key}`;
