import { type ChosenNodes, everyNode } from "../nodes.js";
import { type Diagnosis, diagnose } from "./diagnose.js";
import type { Standards } from "./facts.js";
import { probe } from "./probe.js";
import { readTarget } from "./target.js";

/** Examines all nodes of both sets at once, each until it has been silent for `timeout` ms, and diagnoses problems. */
export async function examine(
  chosen: ChosenNodes,
  standards: Omit<Standards, "nodes" | "previous">,
  timeout: number,
): Promise<Diagnosis> {
  const addresses = everyNode(chosen);
  const targets = addresses.map(readTarget);
  const facts = await Promise.all(targets.map((target) => probe(target, standards.prefix, timeout)));
  const previous = chosen.previous?.map((address) => addresses.indexOf(address)) ?? null;
  return diagnose(facts, { ...standards, nodes: chosen.nodes.length, previous });
}
