import { checkAdmitted } from "./checks/admitted.js";
import { checkClock, checkClocks, checkOwnClock } from "./checks/clock.js";
import { checkEviction } from "./checks/eviction.js";
import { checkLatency } from "./checks/latency.js";
import { checkMemory } from "./checks/memory.js";
import { checkMode } from "./checks/mode.js";
import { checkPassword } from "./checks/password.js";
import { checkPersistence } from "./checks/persistence.js";
import { checkReachability } from "./checks/reachability.js";
import { checkReplication } from "./checks/replication.js";
import { checkRights } from "./checks/rights.js";
import { checkScript } from "./checks/script.js";
import {
  checkCount,
  checkDatabases,
  checkDuplicates,
  checkHosts,
  checkMarkers,
  checkQuorum,
  hasQuorum,
} from "./checks/set.js";
import { checkSetsInUse } from "./checks/sets-in-use.js";
import { checkVersion } from "./checks/version.js";
import { checkWrites } from "./checks/writes.js";
import type { NodeCheck, NodeFacts, SetCheck, Standards } from "./facts.js";
import { type Finding, type Severity, worstOf } from "./finding.js";

const nodeChecks: readonly NodeCheck[] = [
  checkVersion,
  checkLatency,
  checkMode,
  checkReplication,
  checkWrites,
  checkScript,
  checkRights,
  checkPassword,
  checkEviction,
  checkMemory,
  checkAdmitted,
  checkPersistence,
  checkClock,
];

const setChecks: readonly SetCheck[] = [
  checkQuorum,
  checkCount,
  checkDuplicates,
  checkHosts,
  checkDatabases,
  checkMarkers,
  checkSetsInUse,
  checkClocks,
  checkOwnClock,
];

export interface NodeDiagnosis {
  readonly node: string;
  readonly reached: boolean;
  readonly findings: readonly Finding[];
}

/** What --json prints. */
export interface Diagnosis {
  /** The worst severity of all findings. */
  readonly verdict: Severity;
  /** Whether a quorum of nodes could be examined, and of the previous ones if they are given. */
  readonly quorum: boolean;
  readonly nodes: readonly NodeDiagnosis[];
  /** Findings about the nodes together. */
  readonly set: readonly Finding[];
}

export function diagnose(all: readonly NodeFacts[], standards: Standards): Diagnosis {
  // While the nodes are being changed, no node is the only one, though it may be the only one of a set.
  const standardsOfNode = standards.previous === null ? standards : { ...standards, nodes: all.length };
  const nodes = all.map((facts, index) => ({
    node: facts.node,
    reached: facts.reached,
    findings: facts.reached
      ? nodeChecks.flatMap((check) => check(facts, standardsOfNode))
      : checkReachability(facts, standards, index),
  }));
  const set = setChecks.flatMap((check) => check(all, standards));
  const findings = [...nodes.flatMap((node) => node.findings), ...set];
  return {
    verdict: worstOf(findings.map(({ severity }) => severity)),
    quorum: hasQuorum(all, standards),
    nodes,
    set,
  };
}
