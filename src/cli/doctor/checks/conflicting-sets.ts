import { describeSet, mismatchReason } from "../../../engine/protocol/mismatch.js";
import {
  differingGroup,
  excludeEachOther,
  groupOf,
  haveSameGroup,
  haveSameSize,
  isJoint,
  nameOf,
  nodesOf,
  type SetUse,
  setInUse,
  sizesOf,
  withOwner,
} from "../../../engine/protocol/set-record.js";
import { formatDuration } from "../../duration.js";
import type { NodeFacts, Reached } from "../facts.js";
import { type Finding, note, warning } from "../finding.js";
import { count, list } from "../words.js";

/** One node, and the sets that use it. */
export interface Recorded {
  readonly facts: Reached;
  readonly uses: readonly SetUse[];
}

/** Two sets on one node that could grant the same lock. */
interface Conflict {
  readonly at: Reached;
  readonly pair: readonly [SetUse, SetUse];
}

/** A set that is in a conflict. */
interface UsedSet {
  /** As every node has it. */
  readonly sets: string;
  /** ms since its last use, by the node that knows of the latest. */
  readonly age: number;
  /** The nodes that have a record of it. */
  readonly on: readonly string[];
}

/** Maximum number of sets in the text of a finding. */
const maxShown = 10;
/** ms for which processes may record a set as before while they find out that a node was restarted. */
export const noticeMs = 5_000;

/**
 * Reports all sets that could grant the same lock, each once. The severity is that of a note if each two of them may be one
 * set, before and after the restart of a node. `named`: the nodes of the current set. Null if there are none.
 */
export function reportConflicts(recorded: readonly Recorded[], named: readonly NodeFacts[]): Finding | null {
  const servers = new Map(recorded.flatMap(({ facts }) => serverOf(facts)));
  const all = recorded.flatMap(({ facts, uses }) => conflictsOf(facts, uses));
  const conflicts = all.filter(({ pair }) => !mayBeOne(pair, servers));
  const shown = conflicts.length > 0 ? conflicts : all;
  const [first] = shown;
  if (first === undefined) return null;
  const isNamed = (set: UsedSet) => isSetOf(set, named, servers);
  const used = setsIn(shown, recorded);
  const sets = [...used.filter(isNamed), ...used.filter((set) => !isNamed(set))];
  const text = sets.slice(0, maxShown).map((set) => wordsOf(set, isNamed(set), servers));
  const more = sets.length > maxShown ? `; and ${sets.length - maxShown} more` : "";
  const value = {
    node: first.at.node,
    sets: sets.map((set) => ({ ...jsonOf(set, servers), named: isNamed(set) })),
  };
  const uses = `use these nodes: ${text.join("; ")}${more}`;
  if (conflicts.length === 0) {
    return note({
      code: "sets",
      found: `${sets.length} sets that may be one, before and after the restart of a node, ${uses}`,
      value,
      means:
        "After the restart of a node, processes record their set anew. The record from before stays for three minutes.",
      advice: "ask again in a minute: sets that are reported then are used at the same time",
    });
  }
  const pairs = conflicts.map(({ pair: [one, other] }) => [one.sets, other.sets] as const);
  return warning({
    code: "sets",
    found: `${sets.length} sets that could grant the same lock ${uses}`,
    value,
    means: `${unique(pairs.map(([one, other]) => sentence(mismatchReason(one, other)))).join(". ")} (MEMBERSHIP_MISMATCH).`,
    advice: unique(pairs.map((pair) => (haveSameGroup(...pair) ? nodesAdvice : groupsAdvice))).join("; "),
  });
}

/** Whether a process may still use the set. */
const isInUse = ({ age }: SetUse): boolean => age < setInUse;

/**
 * Pairs of sets on one node that could grant the same lock. Of two sets that a joint set links, the one may follow the other;
 * a set of the same size may be the same set before a restart of a node. Both must not be in use.
 */
function conflictsOf(at: Reached, uses: readonly SetUse[]): Conflict[] {
  const areLinked = (...pair: SetUse[]) =>
    uses.some(({ sets }) => isJoint(sets) && pair.every((use) => excludeEachOther(use.sets, sets)));
  const mayFollow = (one: SetUse, other: SetUse) =>
    haveSameSize(one.sets, other.sets) || areLinked(one, other);
  return uses.flatMap((one, index) =>
    uses
      .slice(index + 1)
      .filter((other) => !excludeEachOther(one.sets, other.sets))
      .filter((other) => !mayFollow(one, other) || [one, other].every(isInUse))
      .map((other): Conflict => ({ at, pair: [one, other] })),
  );
}

type Servers = ReadonlyMap<string, Reached>;

/** The server's name in descriptions, and the server. */
function serverOf(facts: Reached): [string, Reached][] {
  const runId = runIdOf(facts);
  return runId === null ? [] : [[nameOf(runId), facts]];
}

export const runIdOf = ({ info }: Reached): string | null => (info.ok ? info.value.text("run_id") : null);

/** Whether both may be one set, before and after the restart of nodes: a restarted server has another name. */
const mayBeOne = ([one, other]: Conflict["pair"], servers: Servers): boolean =>
  haveSameSize(one.sets, other.sets) &&
  differingGroup(one.sets, other.sets) === null &&
  (isBeforeRestart(one, other, servers) || isBeforeRestart(other, one, servers));

/** Whether the nodes of `later` that `earlier` lacks were started after its last use, in place of servers that are gone. */
function isBeforeRestart(earlier: SetUse, later: SetUse, servers: Servers): boolean {
  const [before, after] = [nodesOf(earlier.sets), nodesOf(later.sets)];
  const gone = before.filter((node) => !after.includes(node));
  const started = after.filter((node) => !before.includes(node));
  const isNew = (node: string) => {
    const { info } = servers.get(node) ?? {};
    const uptime = info?.ok ? info.value.number("uptime_in_seconds") : null;
    return uptime !== null && uptime * 1_000 <= earlier.age + noticeMs;
  };
  return (
    started.length > 0 &&
    started.length === gone.length &&
    started.every(isNew) &&
    !gone.some((node) => servers.has(node))
  );
}

/** The sets of the conflicts, each once, with all nodes that have a record of them; the one that was used last comes first. */
function setsIn(conflicts: readonly Conflict[], recorded: readonly Recorded[]): UsedSet[] {
  const wanted = new Set(
    conflicts.flatMap(({ at, pair }) => pair.map(({ sets }) => withOwner(sets, runIdOf(at)))),
  );
  const found = new Map<string, UsedSet>();
  for (const { facts, uses } of recorded) {
    for (const use of uses) {
      const sets = withOwner(use.sets, runIdOf(facts));
      if (!wanted.has(sets)) continue;
      const { age, on } = found.get(sets) ?? { age: Number.POSITIVE_INFINITY, on: [] };
      found.set(sets, { sets, age: Math.min(age, use.age), on: [...on, facts.node] });
    }
  }
  return [...found.values()].sort((a, b) => a.age - b.age);
}

/** The addresses of the nodes of the set, as far as they are known, in the order of the examination. */
const membersOf = ({ sets, on }: UsedSet, servers: Servers): string[] => {
  const names = nodesOf(sets);
  const known = [...servers].filter(([name]) => names.includes(name)).map(([, { node }]) => node);
  return unique([...known, ...on]);
};

/** Whether the nodes of the set are exactly those that are named. */
function isSetOf({ sets }: UsedSet, named: readonly NodeFacts[], servers: Servers): boolean {
  const [size, ...more] = sizesOf(sets);
  const members = nodesOf(sets).flatMap((name) => servers.get(name) ?? []);
  return (
    more.length === 0 &&
    size === named.length &&
    size === members.length &&
    members.every((one) => named.includes(one))
  );
}

function wordsOf(set: UsedSet, isNamed: boolean, servers: Servers): string {
  const members = membersOf(set, servers);
  const others = Math.max(nodesOf(set.sets).length, ...sizesOf(set.sets)) - members.length;
  const which = isNamed ? "named here" : list([...members, ...(others > 0 ? [count(others, "other")] : [])]);
  return `${describeSet(set.sets)}, ${which}, last ${formatDuration(set.age)} ago`;
}

function jsonOf(set: UsedSet, servers: Servers) {
  const { sets, age, on } = set;
  const group = groupOf(sets);
  const members = membersOf(set, servers);
  return { nodes: sizesOf(sets), age, on, members, ...(group === null ? {} : { group: group.name }) };
}

const unique = <T>(all: readonly T[]): T[] => [...new Set(all)];

export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const groupsAdvice =
  "give all processes the same groups, with the same names, or in a list in the same order; docs/groups.md says how to change them";

const nodesAdvice =
  "if a node was restarted in the last minute, ask again; if the nodes were just changed, end the processes that were left out, or give those with the new nodes `previous` again; else give all processes the same nodes; to change them while processes run, first give the new ones as `nodes` and the old ones as `previous`";
