import { quorumOf } from "./quorum.js";
import { constants } from "./script.generated.js";

/** ms after its last use at which a set of nodes no longer counts as in use. */
export const setLapse = constants.setLapse;
/** ms between two records of the same set on one node. */
export const setRefresh = constants.setRefresh;

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

/**
 * Describes the sets whose quorums must agree, for the record of one node: for each set its nodes, separated by commas; two
 * sets are separated by "/"; after "@", the group, if resources are spread over groups; after a space, the key prefix. A node is
 * the beginning of its run id, "*" for the node that has the record, or "?" if it is not identified. `runIdOf`: null if the run
 * id is not known. `group`: see {@link groupLabel}; empty without groups.
 */
export function describeSets(
  sets: readonly { readonly members: readonly number[] }[],
  node: number,
  runIdOf: (member: number) => string | null,
  prefix: string,
  group = "",
): string {
  const nameOf = (member: number) =>
    member === node ? self : (runIdOf(member)?.slice(0, idLength) ?? unknown);
  const lists = sets.map(({ members }) => members.map(nameOf).sort().join(",")).join("/");
  return `${lists}${group === "" ? "" : `@${group}`} ${prefix}`;
}

/** The group of a description: its name, and what tells its list of groups from others. */
export const groupLabel = (name: string, list: string): string => `${name}:${list}`;

interface Parsed {
  readonly sets: readonly string[][];
  /** Empty without groups. */
  readonly group: string;
  readonly prefix: string;
}

const parse = (description: string): Parsed => {
  const end = description.indexOf(" ");
  const [lists = "", group = ""] = description.slice(0, end).split("@", 2);
  const sets = lists.split("/").map((set) => set.split(","));
  return { sets, group, prefix: description.slice(end + 1) };
};

/** Whether the text is a description that this version can read. A later version may describe sets in another way. */
export function isDescription(text: string): boolean {
  if (!text.includes(" ")) return false;
  const { sets } = parse(text);
  return sets.length <= 2 && !sets.flat().includes("") && sets.some((set) => set.includes(self));
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

/** Whether the sets decide by two quorums, because the nodes are being changed. */
export const isJoint = (description: string): boolean => parse(description).sets.length > 1;

/**
 * Whether two processes with these sets keep each other out: some quorum that the one needs always shares a node with some
 * quorum that the other needs. Processes with different key prefixes have no keys in common. Processes with different lists of
 * groups, or that count a node to different groups, may look for the same lock on different nodes.
 */
export function excludeEachOther(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  if (a.prefix !== b.prefix) return true;
  return a.group === b.group && a.sets.some((first) => b.sets.some((second) => intersect(first, second)));
}

/** Whether any two quorums of the sets share a node. Unknown nodes are taken for nodes of the other set. */
function intersect(one: readonly string[], other: readonly string[]): boolean {
  const isKnown = (node: string) => node !== unknown;
  const shared = one.filter((node) => isKnown(node) && other.includes(node)).length;
  const unknowns = [...one, ...other].filter((node) => !isKnown(node)).length;
  const maybeShared = Math.min(one.length - shared, other.length - shared, unknowns);
  const all = one.length + other.length - shared - maybeShared;
  return quorumOf(one.length) + quorumOf(other.length) > all;
}
