import { defaultNodeTimeout } from "../../lock/settings.js";
import { coloursFor } from "../colours.js";
import type { Config } from "../config.js";
import { exitCode, usageError } from "../exit.js";
import { choose, everyAddress } from "../groups.js";
import type { NodeFlags } from "../nodes.js";
import { output } from "../output.js";
import type { Diagnosis } from "./diagnose.js";
import { examine, type SetDiagnosis } from "./examine.js";
import type { Finding, Severity } from "./finding.js";
import { findingLines, reportLines } from "./report.js";
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
  const chosen = choose(flags, environment, config);
  const prefix = flags.prefix ?? config.prefix ?? "";
  const timeout = flags.timeout ?? defaultTimeout;
  if (flags.wait !== undefined) {
    const { wait, json = false } = flags;
    if ("groups" in chosen)
      throw usageError("--wait is for one set of nodes: name the nodes of one group with --node");
    return reportWait(everyAddress(chosen).map(readTarget), { prefix, timeout, wait, json });
  }
  const ttl = config.ttl ?? defaultTtl;
  const standards = {
    prefix,
    ttl,
    nodeTimeout: config.nodeTimeout ?? defaultNodeTimeout(ttl),
    quarantine: config.quarantine ?? "auto",
  };
  const { sets, across } = await examine(chosen, standards, timeout);
  const code = Math.max(across.length > 0 ? bySeverity.error : exitCode.ok, ...sets.map(exitCodeOf));
  if (flags.json) output.json({ version: 1, exitCode: code, ...documentOf(sets, across) }, "stdout");
  else print(sets, across);
  return code;
}

/** What --json prints besides the exit code: one diagnosis, or that of each group. */
function documentOf(sets: readonly SetDiagnosis[], across: readonly Finding[]): object {
  const [first, ...more] = sets.map(({ group: _, ...diagnosis }) => diagnosis);
  return more.length === 0 ? { ...first } : { groups: sets, across };
}

function print(sets: readonly SetDiagnosis[], across: readonly Finding[]): void {
  const { columns = unlimitedWidth } = process.stdout;
  const paint = coloursFor(process.stdout);
  for (const diagnosis of sets) {
    if (diagnosis.group !== null) output.print(paint.bold(`group ${diagnosis.group}`));
    for (const line of reportLines(diagnosis, paint, columns)) output.print(line);
    if (diagnosis.group !== null) output.print("");
  }
  if (across.length > 0) output.print(paint.bold("the groups together"));
  for (const finding of across) for (const line of findingLines(finding, paint, columns)) output.print(line);
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
