import { type Chosen, setsOf } from "../groups.js";
import { type ChosenNodes, everyNode } from "../nodes.js";
import { findDuplicates } from "./checks/set.js";
import { type Diagnosis, diagnose } from "./diagnose.js";
import type { NodeFacts, Standards } from "./facts.js";
import type { Finding } from "./finding.js";
import { probe } from "./probe.js";
import { readTarget } from "./target.js";

type CommonStandards = Omit<Standards, "nodes" | "previous">;

/** What was found about one set of nodes. */
export interface SetDiagnosis extends Diagnosis {
  /** The name of the group; null if there is one set. */
  readonly group: string | null;
}

/**
 * Examines all nodes of all sets at once, each until it has been silent for `timeout` ms, and diagnoses problems. `across`:
 * servers that are in two groups.
 */
export async function examine(
  chosen: Chosen,
  standards: CommonStandards,
  timeout: number,
): Promise<{ readonly sets: readonly SetDiagnosis[]; readonly across: readonly Finding[] }> {
  const examined = await Promise.all(
    setsOf(chosen).map(async ([group, set]) => ({ group, ...(await examineSet(set, standards, timeout)) })),
  );
  const sets = examined.map(({ group, diagnosis }) => ({ group, ...diagnosis }));
  const within = examined.flatMap(({ facts }) => duplicatesOf(facts)).map(nodesIn);
  const all = duplicatesOf(examined.flatMap(({ facts }) => facts));
  return { sets, across: all.filter((finding) => !within.includes(nodesIn(finding))) };
}

async function examineSet(chosen: ChosenNodes, standards: CommonStandards, timeout: number) {
  const addresses = everyNode(chosen);
  const targets = addresses.map(readTarget);
  const facts = await Promise.all(targets.map((target) => probe(target, standards.prefix, timeout)));
  const previous = chosen.previous?.map((address) => addresses.indexOf(address)) ?? null;
  return { facts, diagnosis: diagnose(facts, { ...standards, nodes: chosen.nodes.length, previous }) };
}

const duplicatesOf = (facts: readonly NodeFacts[]): Finding[] =>
  findDuplicates(facts).filter(({ code }) => code === "duplicate");

const nodesIn = ({ value }: Finding): string => JSON.stringify(value);
