import { protocolVersion } from "../../../engine/protocol/protocol-version.js";
import { quorumOf } from "../../../engine/protocol/quorum.js";
import { votesAgain } from "../../../support/votes-again.js";
import type { NodeFacts, Reached, SetCheck, Standards } from "../facts.js";
import { error, type Finding, note, ok, warning } from "../finding.js";
import { count, everyAsked, list } from "../words.js";
import { isUnknownCommand, restoreAdvice } from "./renamed.js";

const reachedOf = (all: readonly NodeFacts[]): Reached[] => all.filter((facts) => facts.reached);
const runId = ({ info }: Reached): string | null => (info.ok ? info.value.text("run_id") : null);

/** The nodes of each set: of the current one and, while the nodes are being changed, of the previous one. */
function setsOf(all: readonly NodeFacts[], { nodes, previous }: Standards): (readonly NodeFacts[])[] {
  if (previous === null) return [all];
  return [all.slice(0, nodes), all.filter((_, index) => previous.includes(index))];
}

/** Whether enough nodes could be examined: a quorum of each set. */
export const hasQuorum = (all: readonly NodeFacts[], standards: Standards): boolean =>
  setsOf(all, standards).every((set) => reachedOf(set).length >= quorumOf(set.length));

/** Whether a quorum of each set answers. */
export const checkQuorum: SetCheck = (all, standards) =>
  setsOf(all, standards).flatMap((set, index) => {
    const [nodes, reached, quorum] = [set.length, reachedOf(set).length, quorumOf(set.length)];
    const value = { nodes, quorum, reached, ...(index === 0 ? {} : { previous: true }) };
    // Why the only node cannot be asked is reported for the node itself.
    if (set.length === 1 && all.length === 1)
      return reached === 1 ? [ok("quorum", "the node can be asked", value)] : [];
    const which = index === 0 ? count(nodes, "node") : count(nodes, "previous node");
    const found = `${reached} of ${which} can be asked, a quorum is ${quorum}`;
    if (reached >= quorum) return [ok("quorum", found, value)];
    const means = `No lock can be acquired or renewed${index === 0 ? "" : " by a process with `previous`"}.`;
    return [error({ code: "quorum", found, value, means, advice: "see each node" })];
  });

/** How many node failures the number of nodes tolerates. */
export const checkCount: SetCheck = (all, standards) => {
  const nodes = setsOf(all, standards)[0]?.length ?? 0;
  const value = { nodes, mayFail: nodes - quorumOf(nodes) };
  const advice = "use three or five independent nodes";
  if (nodes === 1) {
    const means =
      "Safety and availability are those of this server: while it is down nothing is granted, and a lock that it forgets " +
      "may be granted again. docs/single-redis.md says what is promised.";
    return [note({ code: "count", found: "one node", value, means })];
  }
  if (nodes === 2) {
    const means = "Both must answer: when either is down there are no locks, more often than with one node.";
    return [warning({ code: "count", found: "two nodes", value, means, advice })];
  }
  if (nodes % 2 === 0) {
    const means = `As many may fail (${value.mayFail}) as with ${nodes - 1}, at the cost of one more.`;
    return [
      note({
        code: "count",
        found: `${nodes} nodes, an even number`,
        value,
        means,
        advice: "use one less or one more",
      }),
    ];
  }
  return [ok("count", `${nodes} nodes, of which ${value.mayFail} may fail`, value)];
};

/** Whether several addresses lead to one server, by its `run_id`; replication ids are shared by copies. */
export const checkDuplicates: SetCheck = (all) => findDuplicates(all);

export function findDuplicates(all: readonly NodeFacts[]): Finding[] {
  const reached = reachedOf(all);
  const hidden = reached.filter((facts) => runId(facts) === null && facts.complete);
  return [
    ...groups(reached, runId).map(duplicate),
    ...(hidden.length > 0 && all.length > 1 ? [unknown(hidden)] : []),
  ];
}

function duplicate(same: readonly Reached[]): Finding {
  const nodes = same.map(({ node }) => node);
  return error({
    code: "duplicate",
    found: `${list(nodes)} are the same server`,
    value: nodes,
    means: "One server would have several votes. Holdfast refuses to lock with them (DUPLICATE_NODE).",
    advice: "name each server once",
  });
}

function unknown(hidden: readonly Reached[]): Finding {
  const nodes = hidden.map(({ node }) => node);
  return warning({
    code: "duplicate-unknown",
    found: `${list(nodes)} ${nodes.length === 1 ? "does" : "do"} not tell which server ${nodes.length === 1 ? "it is" : "they are"}`,
    value: nodes,
    means: "If two addresses lead to one server it would have two votes, unnoticed.",
    advice: `${hidden.some(({ info }) => isUnknownCommand(info)) ? restoreAdvice(["INFO"]) : "allow the user INFO"}, or make sure that the addresses are different servers`,
  });
}

/** Whether several servers are on one machine and would fail together. */
export const checkHosts: SetCheck = (all) => {
  // Two addresses of one server are reported by `checkDuplicates`, which is worse.
  const distinct = new Map(reachedOf(all).map((facts) => [runId(facts) ?? facts, facts]));
  return groups([...distinct.values()], ({ peer }) => hostOf(peer)).map((together) => {
    const nodes = together.map(({ node }) => node);
    return warning({
      code: "same-host",
      found: `${list(nodes)} are on one machine (${hostOf(together[0]?.peer ?? null)})`,
      value: nodes,
      means: "They fail together: with that machine a quorum may be gone, or the memory of a quorum.",
      advice:
        "put each node on a machine of its own, without a disk, power supply or network in common; for tests it is fine",
    });
  });
};

function hostOf(peer: string | null): string | null {
  const plain = peer?.replace(/^::ffff:/, "") ?? null;
  return plain !== null && (plain === "::1" || plain.startsWith("127.")) ? "this machine" : plain;
}

/** All nodes must store a lock under the same key. */
export const checkDatabases: SetCheck = (all) => {
  const databases = [...new Set(all.map(({ database }) => database))].sort((a, b) => a - b);
  if (databases.length === 1) return [];
  return [
    error({
      code: "databases",
      found: `the addresses name different databases: ${list(databases.map(String))}`,
      value: databases,
      means:
        "Holdfast refuses to lock with them (INVALID_OPTION): another program may use the same servers otherwise.",
      advice: "use the same database in all addresses; best none",
    }),
  ];
};

/** A node without the memory marker, where others have one, lost its memory or is new. */
export const checkMarkers: SetCheck = (all, standards) => {
  const newer = reachedOf(all).flatMap(({ node, newerVersion }) =>
    newerVersion === null ? [] : [isNewer(node, newerVersion)],
  );
  if (newer.length > 0) return newer;
  const abstaining = reachedOf(all).flatMap((facts) =>
    facts.abstains === null ? [] : [abstains(facts.node, facts.abstains)],
  );
  if (abstaining.length > 0) return abstaining;
  const known = reachedOf(all).flatMap(({ node, marker }) =>
    marker.ok ? [{ node, there: marker.value }] : [],
  );
  const without = known.filter(({ there }) => !there).map(({ node }) => node);
  const value = { with: known.length - without.length, without };
  if (known.length === 0) return [];
  if (without.length === 0)
    return [
      ok(
        "memory-marker",
        `Holdfast has marked the memory of ${all.length === 1 ? "the node" : everyAsked(known.length, all.length)}`,
        value,
      ),
    ];
  if (without.length === known.length) {
    const single = all.length === 1;
    const means = single
      ? "No Holdfast has locked with it yet, or it has lost its memory since."
      : "No Holdfast has locked with them yet, or all have lost their memory.";
    const none =
      known.length === all.length ? "no node has" : `none of ${everyAsked(known.length, all.length)} has`;
    return [
      note({
        code: "memory-marker",
        found: `${single ? "the node does not have" : none} Holdfast's memory marker (holdfast:memory)`,
        value,
        means,
      }),
    ];
  }
  if (areJoining(without, all, standards)) {
    return [
      note({
        code: "memory-marker",
        found: `${list(without)}, new to the set, ${without.length === 1 ? "has" : "have"} no memory marker yet (holdfast:memory)`,
        value,
        means: "They vote as soon as a process with `previous` acquires a lock.",
      }),
    ];
  }
  return [
    warning({
      code: "memory-marker",
      found: `${list(without)} ${without.length === 1 ? "has" : "have"} no memory marker (holdfast:memory), others have`,
      value,
      means:
        "New, or without its memory: it does not vote for the longest ttl that the others record (quarantine).",
      advice:
        "wait (holdfast doctor --wait 5m); if it happens again, look for FLUSHALL, eviction and restarts",
    }),
  ];
};

/** Whether exactly these nodes are new to the set, while the nodes are being changed. */
function areJoining(names: readonly string[], all: readonly NodeFacts[], { previous }: Standards): boolean {
  if (previous === null) return false;
  const joining = reachedOf(all.filter((_, index) => !previous.includes(index)));
  return joining.length === names.length && joining.every(({ node }) => names.includes(node));
}

const isNewer = (node: string, version: number): Finding =>
  error({
    code: "memory-marker",
    found: `the memory of ${node} is of protocol version ${version}, and this Holdfast knows version ${protocolVersion}`,
    value: { node, version, known: protocolVersion },
    means: "To a program with this version of Holdfast its votes fail. Nothing on it is changed.",
    advice: "update Holdfast in this and in every program that locks with it (docs/versions.md)",
  });

function abstains(node: string, { left, cause }: NonNullable<Reached["abstains"]>): Finding {
  return warning({
    code: "memory-marker",
    found: `${node} does not vote: ${cause}; it ${votesAgain(left)}`,
    value: { node, left, cause },
    means:
      "Leases that it may have granted have not run out. Where they are longer than a minute it votes as soon as they are released.",
    advice:
      "wait (holdfast doctor --wait 5m); or, if no lock that it may have granted is in use, end it: holdfast admit",
  });
}

/** Groups of elements that share a key with at least one other element. */
function groups<T>(all: readonly T[], key: (one: T) => string | null): T[][] {
  const byKey = new Map<string, T[]>();
  for (const one of all) {
    const name = key(one);
    if (name !== null) byKey.set(name, [...(byKey.get(name) ?? []), one]);
  }
  return [...byKey.values()].filter((together) => together.length > 1);
}
