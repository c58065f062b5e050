import { quorumOf } from "./quorum.js";
import { constants } from "./script.generated.js";

/** ms after its last use at which a set of nodes no longer counts as in use. */
export const setLapse = constants.setLapse;
/** ms between two looks of one process, at which it records its set. */
export const setRefresh = constants.setRefresh;
/** ms within which further uses of a set are not recorded. */
export const setPrecision = constants.setPrecision;
/** ms after the recorded use of a set within which a process may still be using it: the rest is for a look that is late. */
export const setInUse = setRefresh + setPrecision + 5_000;

/** A set of nodes that has used a node. */
export interface SetUse {
  /** See {@link describeSets}. */
  readonly sets: string;
  /** ms since its last use, by the node's clock. */
  readonly age: number;
}

/** What one node knows of the sets that use it. */
export interface SetRecord {
  /** The highest fence that the node has ever accepted. */
  readonly watermark: number;
  readonly uses: readonly SetUse[];
}

/** The node that has the record. */
const self = "*";
/** A node that is not identified. */
const unknown = "?";
/** Characters of a run id that tell the nodes apart. */
const idLength = 8;

/** The name of a server in descriptions. */
export const nameOf = (runId: string): string => runId.slice(0, idLength);

/** Sets whose quorums must agree, by the indices of their nodes. */
type Sets = readonly { readonly members: readonly number[] }[];

/**
 * Describes the sets whose quorums must agree, for the record of one node: the sets; after "@", the groups, if resources are
 * spread over groups; after a space, the key prefix. `group`: see {@link describeGroup}; empty without groups.
 */
export function describeSets(
  sets: Sets,
  node: number,
  runIdOf: (member: number) => string | null,
  prefix: string,
  group = "",
): string {
  return `${listNodes(sets, runIdOf, node)}${group === "" ? "" : `@${group}`} ${prefix}`;
}

/**
 * The nodes of each set, separated by commas; two sets are separated by "/". A node is the beginning of its run id, "*" for the
 * node that has the record, or "?" if it is not identified. `runIdOf`: null if the run id is not known.
 */
export function listNodes(sets: Sets, runIdOf: (member: number) => string | null, node = -1): string {
  const identified = (runId: string | null) => (runId === null ? unknown : nameOf(runId));
  const memberName = (member: number) => (member === node ? self : identified(runIdOf(member)));
  return sets.map(({ members }) => members.map(memberName).sort().join(",")).join("/");
}

/**
 * Describes the group of a set: its name; after ":", what tells its list of groups from others; after each "+", another group,
 * with its name and, after "=", its nodes as `listNodes` gives them.
 */
export const describeGroup = (
  name: string,
  list: string,
  others: readonly { readonly name: string; readonly nodes: string }[],
): string => [`${name}:${list}`, ...others.map((other) => `${other.name}=${other.nodes}`)].join("+");

interface Parsed {
  readonly sets: readonly string[][];
  /** The name of the group, and its list of groups. Empty without groups. */
  readonly group: string;
  /** The sets of the other groups, by their names. */
  readonly others: ReadonlyMap<string, readonly string[][]>;
  readonly prefix: string;
}

const parseSets = (lists: string): string[][] => lists.split("/").map((set) => set.split(","));

const parse = (description: string): Parsed => {
  const end = description.indexOf(" ");
  const [lists = "", groups = ""] = description.slice(0, end).split("@", 2);
  const [group = "", ...more] = groups.split("+");
  const others = more
    .map((other) => other.split("=", 2))
    .map(([name = "", nodes = ""]) => [name, parseSets(nodes)] as const);
  return { sets: parseSets(lists), group, others: new Map(others), prefix: description.slice(end + 1) };
};

/** Whether the text is a description that this version can read. A later version may describe sets in another way. */
export function isDescription(text: string): boolean {
  if (!text.includes(" ")) return false;
  const { sets } = parse(text);
  return sets.length <= 2 && !sets.flat().includes("") && sets.some((set) => set.includes(self));
}

/** The names of the nodes of a described set, without those that are not identified. A node of both sets is named once. */
export const nodesOf = (description: string): string[] =>
  [...new Set(parse(description).sets.flat())].filter((node) => node !== unknown);

/** The description as every node has it, with the node that has the record named. `runId`: of that node; null if it is hidden. */
export function withOwner(description: string, runId: string | null): string {
  const name = runId === null ? unknown : nameOf(runId);
  const sets = parse(description).sets.map((set) => set.map((node) => (node === self ? name : node)).sort());
  return `${sets.map((set) => set.join()).join("/")}${description.slice(description.search(/[@ ]/))}`;
}

/** The number of nodes of each set: of the current one and, while the nodes are being changed, of the previous one. */
export const sizesOf = (description: string): number[] => parse(description).sets.map(({ length }) => length);

/** The group that the sets belong to, and what tells its list of groups from others. Null without groups. */
export function groupOf(description: string): { readonly name: string; readonly list: string } | null {
  const [name = "", list = ""] = parse(description).group.split(":", 2);
  return name === "" ? null : { name, list };
}

/** The description of the current set alone. */
export const currentOf = (description: string): string =>
  `${description.split(/[/@ ]/, 1)[0]}${description.slice(description.search(/[@ ]/))}`;

/** Whether both belong to the same group of the same list of groups, or to none. */
export const haveSameGroup = (one: string, other: string): boolean => parse(one).group === parse(other).group;

/**
 * Whether both have a set of the same size, which may be the same set before and after a restart of a node. A set of another
 * group, or of another list of groups, is never the same.
 */
export const haveSameSize = (one: string, other: string): boolean =>
  haveSameGroup(one, other) && sizesOf(one).some((size) => sizesOf(other).includes(size));

/** Whether a joint description names both sets, so that they are two sets and not one before and after a restart of a node. */
export function namesBoth(joint: string, one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  const both = [a.sets.join(), b.sets.join()];
  const { sets, prefix } = parse(joint);
  const named = sets.map((set) => set.join());
  return (
    a.prefix === prefix &&
    b.prefix === prefix &&
    both.every((set) => named.includes(set)) &&
    both[0] !== both[1]
  );
}

/** Whether the sets decide by two quorums, because the nodes are being changed. */
export const isJoint = (description: string): boolean => parse(description).sets.length > 1;

/**
 * Whether two processes with these sets keep each other out: some quorum that the one needs always shares a node with some
 * quorum that the other needs. Processes with different key prefixes have no keys in common. Processes with different lists of
 * groups, or that count a node to different groups, may look for the same lock on different nodes. What holds for the sets
 * holds for those of every other group too.
 */
export function excludeEachOther(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  if (a.prefix !== b.prefix) return true;
  return a.group === b.group && shareQuorums(a.sets, b.sets) && otherGroup(a, b) === null;
}

/** The name of another group whose nodes are not the same in both; null if there is none. */
export const differingGroup = (one: string, other: string): string | null =>
  otherGroup(parse(one), parse(other));

function otherGroup({ others: one }: Parsed, { others: other }: Parsed): string | null {
  for (const [name, sets] of one) if (!shareQuorums(sets, other.get(name) ?? sets)) return name;
  return null;
}

/** Whether some quorum that the one needs always shares a node with some quorum that the other needs. */
const shareQuorums = (one: readonly string[][], other: readonly string[][]): boolean =>
  one.some((first) => other.some((second) => intersect(first, second)));

/** Whether any two quorums of the sets share a node. Unknown nodes are taken for nodes of the other set. */
function intersect(one: readonly string[], other: readonly string[]): boolean {
  const isKnown = (node: string) => node !== unknown;
  const shared = one.filter((node) => isKnown(node) && other.includes(node)).length;
  const unknowns = [...one, ...other].filter((node) => !isKnown(node)).length;
  const maybeShared = Math.min(one.length - shared, other.length - shared, unknowns);
  const all = one.length + other.length - shared - maybeShared;
  return quorumOf(one.length) + quorumOf(other.length) > all;
}
