import { describeSet, mismatchReason } from "../../../engine/protocol/mismatch.js";
import {
  excludeEachOther,
  nameOf,
  nodesOf,
  type SetUse,
  sizesOf,
  withOwner,
} from "../../../engine/protocol/set-record.js";
import type { NodeFacts, Reached, Standards } from "../facts.js";
import { type Finding, warning } from "../finding.js";
import { count, list } from "../words.js";
import { noticeMs, type Recorded, runIdOf, sentence } from "./conflicting-sets.js";

/** Maximum number of nodes of a kind in the text of a finding. */
const maxShown = 10;

/** How the named nodes differ from those of a set that is in use. */
interface Difference {
  /** The set, as every node has it. */
  readonly sets: string;
  /** The names of its nodes in descriptions, without the named ones. */
  readonly missing: readonly string[];
  /** The named nodes that are not in the set. */
  readonly unused: readonly Reached[];
  /** Whether both may be the same nodes. */
  readonly isSame: boolean;
}

/**
 * Reports that no process uses the nodes that are named, although processes use one of them: the list of nodes is wrong here or
 * there. Null if some process may use exactly the named ones, or if none uses any. Processes with another prefix are not
 * counted: their locks are others.
 */
export function reportOtherList(
  recorded: readonly Recorded[],
  all: readonly NodeFacts[],
  { nodes, previous, prefix }: Standards,
): Finding | null {
  const named = { nodes: all.slice(0, nodes), size: nodes };
  const before = previous?.map((index) => all[index]).filter((facts) => facts !== undefined);
  const lists = before === undefined ? [named] : [named, { nodes: before, size: before.length }];
  const uses = recorded.flatMap(({ facts, uses }) =>
    uses
      .filter(({ sets }) => sets.endsWith(` ${prefix}`))
      .map(({ sets, age }) => ({ sets: withOwner(sets, runIdOf(facts)), age })),
  );
  const differences = uses.flatMap((use) => lists.map((one) => differenceOf(use, one.nodes, one.size)));
  const [first] = differences;
  if (first === undefined || differences.some(({ isSame }) => isSame)) return null;
  return findingOf(first, named);
}

/** A node that was started after the last use of the set may be one of its nodes under another name. */
function differenceOf({ sets, age }: SetUse, named: readonly NodeFacts[], size: number): Difference {
  const members = nodesOf(sets);
  const told = named.filter((facts) => facts.reached).filter((facts) => runIdOf(facts) !== null);
  const shared = told.map(serverNameOf).filter((name) => members.includes(name));
  const missing = members.filter((name) => !shared.includes(name));
  const unused = told.filter(
    (facts) => !shared.includes(serverNameOf(facts)) && !isStartedWithin(facts, age + noticeMs),
  );
  const unknown = size - shared.length - unused.length;
  const [used = 0] = sizesOf(sets);
  const isSame = used === size && missing.length <= unknown && unused.length <= used - members.length;
  return { sets, missing, unused, isSame };
}

function isStartedWithin({ info }: Reached, ms: number): boolean {
  const uptime = info.ok ? info.value.number("uptime_in_seconds") : null;
  return uptime !== null && uptime * 1_000 <= ms;
}

const serverNameOf = (facts: Reached): string => nameOf(runIdOf(facts) ?? "");

function findingOf(
  { sets, missing, unused }: Difference,
  named: { readonly nodes: readonly NodeFacts[]; readonly size: number },
): Finding {
  const nodes = unused.map(({ node }) => node);
  const differs = [
    ...(missing.length > 0 ? [`not named here: ${shown(missing.map((name) => `the server ${name}…`))}`] : []),
    ...(nodes.length > 0 ? [`named here, but not used by them: ${shown(nodes)}`] : []),
  ];
  const own = ownSet(sets, named);
  const means = excludeEachOther(own, sets)
    ? "Processes with the nodes named here and those processes still keep each other out, but they do not survive the same failures"
    : `${sentence(mismatchReason(own, sets))} (MEMBERSHIP_MISMATCH)`;
  return warning({
    code: "sets",
    found: `in use by processes with ${describeSet(sets)}, and ${count(named.size, "node")} named here; ${differs.join("; ")}`,
    value: { used: sizesOf(sets), named: named.size, missing, unused: nodes },
    means: `${means}.`,
    advice:
      "name the nodes that the processes use, or correct their list; a server's name is the beginning of run_id in INFO server",
  });
}

/** The set of the named nodes, as processes of the same groups and with the same prefix would describe it. */
function ownSet(
  sets: string,
  { nodes, size }: { readonly nodes: readonly NodeFacts[]; readonly size: number },
) {
  const names = nodes.flatMap((facts) =>
    facts.reached && runIdOf(facts) !== null ? [serverNameOf(facts)] : [],
  );
  const unknown = Array.from({ length: size - names.length }, () => "?");
  return `${[...names, ...unknown].join()}${sets.slice(sets.search(/[@ ]/))}`;
}

const shown = (names: readonly string[]): string =>
  list(
    names.length <= maxShown ? names : [...names.slice(0, maxShown), count(names.length - maxShown, "other")],
  );
