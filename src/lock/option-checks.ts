import calculateSlot from "cluster-key-slot";
import type { LockNode } from "../engine/node/lock-node.js";
import { markerKey, probeKey } from "../engine/protocol/side-keys.js";
import { InvalidOptionError } from "../errors.js";
import { checkText } from "../support/checks.js";
import { kindOf } from "../support/redaction.js";
import { entriesOf, isList } from "../support/untrusted.js";

/** Checks one resource or several. Returns them as a list of distinct, non-empty strings. */
export function checkResources(value: unknown): readonly string[] {
  const isSeveral = isList(value);
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

/** Prefixes of the keys under which nodes store fences, queues and their markers. A lock there would overwrite them. */
const reserved = ["holdfast:fence:", "holdfast:watermark", "holdfast:queue:", markerKey, probeKey];

export function checkKeys(keys: readonly string[]): void {
  const key = keys.find((candidate) => reserved.some((start) => candidate.startsWith(start)));
  if (key === undefined) return;
  throw new InvalidOptionError("resource", key, `a key that does not begin with ${reserved.join(" or ")}`);
}

/** Checks that all keys are in one hash slot if a node is a Redis Cluster. */
export function checkSlots(nodes: readonly LockNode[], keys: readonly string[]): void {
  if (keys.length === 1) return;
  for (const node of nodes) {
    if (!node.sharded) continue;
    const slots = new Set(keys.map((key) => calculateSlot((node.keyspace?.prefix ?? "") + key)));
    if (slots.size === 1) continue;
    throw new InvalidOptionError(
      "resources",
      keys.join(", "),
      `in one hash slot to be locked together in a Cluster (${node.name}): put the same hash tag in each, ` +
        'as in "{order:7}:stock" and "{order:7}:payment" (only what stands between { and } is hashed)',
    );
  }
}

/** Returns an error if two nodes are known to store a lock under different keys or in different databases, else null. */
export function keyspaceConflict(nodes: readonly LockNode[]): InvalidOptionError | null {
  const known = nodes.filter((node) => node.keyspace !== null);
  const [first] = known;
  for (const node of known) {
    const same = node.keyspace?.prefix === first?.keyspace?.prefix;
    if (same && node.keyspace?.database === first?.keyspace?.database) continue;
    const show = (of: LockNode | undefined) =>
      `${of?.name} has key prefix ${JSON.stringify(of?.keyspace?.prefix)} and database ${of?.keyspace?.database}`;
    return new InvalidOptionError(
      "nodes",
      `${first?.name} and ${node.name}`,
      "clients with the same key prefix and the same database, or they lock different keys " +
        `(${show(first)}, ${show(node)})`,
    );
  }
  return null;
}

const acquireOptions = ["ttl", "wait", "signal", "retry", "renew", "maxHold", "fence", "fair", "onLost"];
const managerOptions = [
  ...[
    "nodes",
    "prefix",
    "nodeTimeout",
    "connectTimeout",
    "driftFactor",
    "owner",
    "grouping",
    "maxPending",
    "quarantine",
    "unidentified",
    "publish",
    "onListenerError",
    "logger",
    "xstate",
    "clock",
    "random",
  ],
  ...["ttl", "wait", "retry", "renew", "maxHold", "fair", "onLost"],
];
const known = {
  acquire: acquireOptions,
  createLocks: managerOptions,
  retry: ["count", "delay", "maxDelay", "jitter"],
  close: ["timeout"],
  ready: ["timeout"],
  xstate: ["inspect"],
  publish: ["stepsPerSecond"],
  serveInspector: ["port", "host", "token", "title"],
  instrumentLocks: ["tracerProvider", "meterProvider"],
};

/** Checks that all options are known. A misspelt or misplaced option would silently have no effect. */
export function checkKnown(where: keyof typeof known, options: unknown): void {
  if (options === undefined) return;
  const entries = entriesOf(options);
  if (entries === null) throw new InvalidOptionError("options", options, "an object");
  const unexpected = entries.find(([name, value]) => value !== undefined && !known[where].includes(name));
  if (unexpected === undefined) return;
  const [name, value] = unexpected;
  // The value of an unknown option may be a password, so the message shows only its kind.
  throw new InvalidOptionError(
    name,
    value,
    `left out: ${where} knows ${known[where].join(", ")}`,
    kindOf(value),
  );
}
