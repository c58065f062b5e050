import type { OtherSet } from "../engine/protocol/mismatch.js";
import { mismatchAdvice, mismatchMessage } from "../engine/protocol/mismatch.js";
import { warn } from "../support/warn.js";

/** Maximum number of sets of nodes that are told apart. */
const maxColdSets = 1_000;

/** The sets of nodes whose cold start this process has warned of. A test suite that empties its nodes hears of it once. */
const coldSets = new Set<string>();

/** `known`: whether these nodes had a memory that this process knew. */
export function warnOfColdStart(nodes: readonly string[], known: boolean): void {
  const [only] = nodes;
  const alone = nodes.length === 1 && only !== undefined;
  const set = [known && !alone ? "known" : "new", ...[...nodes].sort()].join(" ");
  if (coldSets.has(set) || coldSets.size >= maxColdSets) return;
  coldSets.add(set);
  if (alone) return warnOfEmptied(only);
  if (known) return warnOfAllEmptied(nodes);
  warn(
    "COLD_START",
    `none of the nodes remembers any lock (${nodes.join(", ")}): they are treated as new, and all of them vote at once`,
    "Either they are new, or were emptied on purpose, as by a test suite: then all is well. Or they were in use and have " +
      "all lost their memory: then locks that are still held may be granted again. Set `quarantine` to the longest ttl (ms) " +
      "in use to have such nodes abstain for that long instead. This is said once for each set of nodes.",
  );
}

export function warnOfOtherSet(other: OtherSet): void {
  warn("MEMBERSHIP_MISMATCH", mismatchMessage(other), mismatchAdvice(other));
}

function warnOfAllEmptied(nodes: readonly string[]): void {
  warn(
    "MEMORY_LOST",
    `all nodes have lost their memory (${nodes.join(", ")}): they were emptied or restarted. All of them vote at once, and locks that are still held may be granted again`,
    "If they were emptied on purpose, as by a test suite, all is well. Otherwise restart nodes one at a time, and set " +
      "`quarantine` to the longest ttl (ms) in use: nodes that all lose their memory then grant nothing for that long. This is " +
      "said once for each set of nodes.",
  );
}

/** For the only node of a set, if this process knew it with its memory. */
function warnOfEmptied(node: string): void {
  warn(
    "COLD_START",
    `${node} has lost its memory: it was emptied or restarted, or was a replica. It is the only node, so it votes at once, and locks that are still held may be granted again`,
    "If it was emptied on purpose, as by a test suite, all is well. Otherwise set `quarantine` to the longest ttl (ms) in use: " +
      "the node then grants nothing for that long after a loss. Where every write is on disk before the reply, set " +
      "`quarantine: false`. This is said once.",
  );
}

export function warnOfUnwatched(node: string): void {
  warn(
    "UNWATCHED_NODE",
    `${node} does not permit everything that detecting a loss of its memory needs: such a loss would go unnoticed, and locks that are held may be granted again`,
    'Permit the keys "holdfast:*"; or, where every write is on disk before the reply, set `quarantine: false`.',
  );
}

export function warnOfSilent(node: string, why: "busy" | "impossible"): void {
  warn(
    "SILENT_CONNECTION",
    why === "busy"
      ? `${node} has stopped answering, and its connection was not replaced, because other commands in flight on it would be lost`
      : `${node} has stopped answering, and its client offers no way to replace the connection`,
    "It is probed until it answers, and is not asked for votes meanwhile. If its server works, the connection is dead: " +
      "reconnect that client, or give Holdfast a client or an address of its own.",
  );
}

export function warnOfUnidentified(node: string): void {
  warn(
    "UNIDENTIFIED_NODE",
    `${node} cannot be identified: it may be the same server as another node, and a loss of its memory would go unnoticed`,
    'Permit INFO, and the keys "holdfast:*"; or, if you know that the nodes are different servers, set `unidentified: "allow"`.',
  );
}
