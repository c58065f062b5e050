import { defaultNodeTimeout } from "../../manager/manager-settings.js";
import { coloursFor } from "../colours.js";
import type { Config } from "../config.js";
import { exitCode } from "../exit.js";
import { chooseSets, everyNode, type NodeFlags } from "../nodes.js";
import { output } from "../output.js";
import type { Diagnosis } from "./diagnose.js";
import { examine } from "./examine.js";
import type { Severity } from "./finding.js";
import { reportLines } from "./report.js";
import { readTarget } from "./target.js";
import { reportWait } from "./wait/report-wait.js";

/** Time in ms for which a node may be silent. */
const defaultTimeout = 5_000;
/** The library's default, in ms. */
const defaultTtl = 10_000;
/** Line width without a terminal: lines are not wrapped. */
const unlimitedWidth = Number.POSITIVE_INFINITY;

export interface DoctorFlags extends NodeFlags {
  readonly prefix?: string;
  readonly timeout?: number;
  readonly wait?: number;
  readonly json?: boolean;
}

/** `holdfast doctor`: reports what is wrong with the nodes, and what to do. Resolves with the exit code. */
export async function doctor(
  flags: DoctorFlags,
  config: Config,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const chosen = chooseSets(flags, environment, config);
  const prefix = flags.prefix ?? config.prefix ?? "";
  const timeout = flags.timeout ?? defaultTimeout;
  if (flags.wait !== undefined) {
    const { wait, json = false } = flags;
    return reportWait(everyNode(chosen).map(readTarget), { prefix, timeout, wait, json });
  }
  const ttl = config.ttl ?? defaultTtl;
  const standards = {
    prefix,
    ttl,
    nodeTimeout: config.nodeTimeout ?? defaultNodeTimeout(ttl),
    quarantine: config.quarantine ?? "auto",
  };
  const diagnosis = await examine(chosen, standards, timeout);
  const code = exitCodeOf(diagnosis);
  if (flags.json) output.json({ version: 1, exitCode: code, ...diagnosis }, "stdout");
  else {
    const { columns = unlimitedWidth } = process.stdout;
    for (const line of reportLines(diagnosis, coloursFor(process.stdout), columns)) output.print(line);
  }
  return code;
}

const bySeverity: Readonly<Record<Severity, number>> = {
  ok: exitCode.ok,
  note: exitCode.ok,
  warning: 1,
  error: 2,
};

/** Without a quorum the severities do not matter. */
const exitCodeOf = ({ verdict, quorum }: Diagnosis): number =>
  quorum ? bySeverity[verdict] : exitCode.unavailable;
