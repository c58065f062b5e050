import { type Diagnosis, diagnose } from "./diagnose.js";
import type { Standards } from "./facts.js";
import { probe } from "./probe.js";
import { readTarget } from "./target.js";

/** Examines all nodes at once, each until it has been silent for `timeout` ms, and diagnoses problems. */
export async function examine(
  addresses: readonly string[],
  standards: Omit<Standards, "nodes">,
  timeout: number,
): Promise<Diagnosis> {
  const targets = addresses.map(readTarget);
  const facts = await Promise.all(targets.map((target) => probe(target, standards.prefix, timeout)));
  return diagnose(facts, { ...standards, nodes: targets.length });
}
