import type { LockNode } from "../engine/node/lock-node.js";
import { slotOf } from "../engine/protocol/hash-slot.js";
import { markerKey, probeKey, setsKey } from "../engine/protocol/side-keys.js";
import { InvalidOptionError } from "../errors.js";
import { checkText } from "../support/checks.js";
import { isList } from "../support/untrusted.js";

/** Checks one resource or several. Returns them as a list of distinct, non-empty strings. */
export function checkResources(value: unknown): readonly string[] {
  const isSeveral = typeof value !== "string" && isList(value);
  const resources = isSeveral ? value : [value];
  if (resources.length === 0)
    throw new InvalidOptionError("resources", value, "a non-empty string, or a list of them");
  const option = isSeveral ? "resources" : "resource";
  const distinct = new Set<string>();
  for (const resource of resources) {
    const text = checkText(option, resource, "a non-empty string");
    if (text === "") throw new InvalidOptionError(option, text, "a non-empty string");
    if (distinct.has(text)) throw new InvalidOptionError("resources", text, "given only once in a list");
    distinct.add(text);
  }
  return Object.freeze([...distinct]);
}

/** Prefixes of the keys under which nodes store fences, queues, permits, readers, their markers and the sets that use them. */
const reserved = [
  "holdfast:fence:",
  "holdfast:watermark",
  "holdfast:queue:",
  "holdfast:permits:",
  "holdfast:readers:",
  markerKey,
  setsKey,
  probeKey,
];

export function checkKeys(keys: readonly string[]): void {
  const key = keys.find((candidate) => reserved.some((start) => candidate.startsWith(start)));
  if (key === undefined) return;
  throw new InvalidOptionError("resource", key, `a key that does not begin with ${reserved.join(" or ")}`);
}

/** Checks that all keys are in one hash slot if a node is a Redis Cluster. */
export function checkSlots(nodes: readonly LockNode[], keys: readonly string[]): void {
  const node = scattering(nodes, keys);
  if (node === undefined) return;
  throw new InvalidOptionError(
    "resources",
    keys.join(", "),
    `in one hash slot to be locked together in a Cluster (${node.name}): put the same hash tag in each, ` +
      'as in "{order:7}:stock" and "{order:7}:payment" (only what stands between { and } is hashed)',
  );
}

/** Checks that the keys of all permits are in one hash slot if a node is a Redis Cluster. */
export function checkPermitSlots(nodes: readonly LockNode[], name: string, keys: readonly string[]): void {
  const node = scattering(nodes, keys);
  if (node === undefined) return;
  const allowed =
    `a name that puts the keys of all permits into one hash slot of the Cluster (${node.name}): ` +
    'begin it with another character than "}", or put a hash tag in it, as in "{imports}"';
  throw new InvalidOptionError("name", name, allowed);
}

/** The first Redis Cluster that has the keys in several hash slots. */
const scattering = (nodes: readonly LockNode[], keys: readonly string[]): LockNode | undefined =>
  nodes.find(
    ({ sharded, keyspace }) =>
      sharded && new Set(keys.map((key) => slotOf((keyspace?.prefix ?? "") + key))).size > 1,
  );
