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
 * sets are separated by "/"; after a space, the key prefix. A node is the beginning of its run id, "*" for the node that has the record,
 * or "?" if it is not identified. `runIdOf`: null if the run id is not known.
 */
export function describeSets(
  sets: readonly { readonly members: readonly number[] }[],
  node: number,
  runIdOf: (member: number) => string | null,
  prefix: string,
): string {
  const nameOf = (member: number) =>
    member === node ? self : (runIdOf(member)?.slice(0, idLength) ?? unknown);
  return `${sets.map(({ members }) => members.map(nameOf).sort().join(",")).join("/")} ${prefix}`;
}

const parse = (description: string): { readonly sets: readonly string[][]; readonly prefix: string } => {
  const end = description.indexOf(" ");
  const sets = description.slice(0, end).split("/");
  return { sets: sets.map((set) => set.split(",")), prefix: description.slice(end + 1) };
};

/** Whether the text is a description that this version can read. A later version may describe sets in another way. */
export function isDescription(text: string): boolean {
  if (!text.includes(" ")) return false;
  const { sets } = parse(text);
  return sets.length <= 2 && !sets.flat().includes("") && sets.some((set) => set.includes(self));
}

/** The number of nodes of each set: of the current one and, while the nodes are being changed, of the previous one. */
export const sizesOf = (description: string): number[] => parse(description).sets.map(({ length }) => length);

/** The description of the current set alone. */
export const currentOf = (description: string): string =>
  `${description.split(/[/ ]/, 1)[0]}${description.slice(description.indexOf(" "))}`;

/** Whether both have a set of the same size, which may be the same set before and after a restart of a node. */
export const haveSameSize = (one: string, other: string): boolean =>
  sizesOf(one).some((size) => sizesOf(other).includes(size));

/** Whether the sets decide by two quorums, because the nodes are being changed. */
export const isJoint = (description: string): boolean => parse(description).sets.length > 1;

/**
 * Whether two processes with these sets keep each other out: some quorum that the one needs always shares a node with some
 * quorum that the other needs. Processes with different key prefixes have no keys in common.
 */
export function excludeEachOther(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  return a.prefix !== b.prefix || a.sets.some((first) => b.sets.some((second) => intersect(first, second)));
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
