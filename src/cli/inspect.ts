import type { Inspection, NodeInspection } from "../api/types.js";
import { votesAgain } from "../support/votes-again.js";
import { within } from "./bounded.js";
import { type Colours, coloursFor } from "./colours.js";
import type { Config } from "./config.js";
import { formatDuration } from "./duration.js";
import { exitCode, usageError } from "./exit.js";
import { choose, createChosenLocks } from "./groups.js";
import { describeHolder, describeOwner } from "./holder.js";
import type { NodeFlags } from "./nodes.js";
import { output } from "./output.js";

/** Time in ms that closing the connections may take. */
const closeTimeout = 1_000;
/**
 * Time in ms for one node's answer. Longer than for a lock, because it is the first answer and includes connecting.
 */
const defaultTimeout = 2_000;

export interface InspectFlags extends NodeFlags {
  readonly prefix?: string;
  readonly nodeTimeout?: number;
  readonly json?: boolean;
}

/** `holdfast inspect`: shows who holds a resource, node by node. Resolves with the exit code. */
export async function inspect(
  resource: string,
  flags: InspectFlags,
  config: Config,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  if (resource === "") throw usageError("a resource is a non-empty string");
  const nodeTimeout = flags.nodeTimeout ?? config.nodeTimeout ?? defaultTimeout;
  const locks = createChosenLocks(choose(flags, environment, config), {
    prefix: flags.prefix ?? config.prefix ?? "",
    nodeTimeout,
    connectTimeout: nodeTimeout,
    // No lock is acquired, but a ttl must exceed the node timeout.
    ttl: nodeTimeout + 1,
  });
  try {
    const inspection = await locks.inspect(resource);
    if (flags.json) output.json(inspection, "stdout");
    else for (const line of describe(inspection, coloursFor(process.stdout))) output.print(line);
    if (inspection.held !== null) return exitCode.ok;
    const which = inspection.nodes.every((node) => node.state === "failed") ? "no node" : "too few nodes";
    output.error(`${which} could tell who holds it; holdfast doctor says what is wrong with them`);
    return exitCode.unavailable;
  } finally {
    await within(closeTimeout, locks.close({ timeout: 0 }));
  }
}

function describe(inspection: Inspection, paint: Colours): string[] {
  const { resource, group, nodes } = inspection;
  const width = Math.max(...nodes.map(({ node }) => node.length));
  return [
    `${paint.bold(resource.replace(/\p{Cc}+/gu, " "))}  ${summary(inspection, paint)}${group === undefined ? "" : `  (group ${group})`}`,
    ...nodes.map((one) => `  ${one.node.padEnd(width)}  ${line(one, paint)}`),
  ];
}

function summary({ held, holder, keptUntil, nodes }: Inspection, paint: Colours): string {
  if (holder !== null && keptUntil !== undefined) {
    return `${paint.yellow("kept")} until ${new Date(keptUntil).toISOString()}, after its release by ${describeOwner(holder)}`;
  }
  if (holder !== null) return `${paint.yellow("held")} by ${describeHolder(holder)}`;
  if (held === null) return paint.red("unknown: too few nodes answered");
  // Keys on a minority, or of several holders, come from an attempt that failed or is under way.
  const minority = nodes.some(({ state }) => state === "held");
  return minority ? `${paint.green("free")}: nobody holds a majority` : paint.green("free");
}

function line(inspection: NodeInspection, paint: Colours): string {
  const { quarantine } = inspection;
  return `${answer(inspection, paint)}${quarantine === undefined ? "" : `  ${paint.magenta(quarantineText(quarantine))}`}`;
}

function quarantineText({ until, cause }: NonNullable<NodeInspection["quarantine"]>): string {
  const again = until === null ? "" : `; it ${votesAgain(until - Date.now())}`;
  return `it does not vote: ${cause}${again}`;
}

function answer({ state, holder, error }: NodeInspection, paint: Colours): string {
  if (state === "failed") return `${paint.red("failed")}  ${error ?? "no reason given"}`;
  if (holder === undefined) return paint.green("free");
  const left = holder.ttlLeft === null ? "no expiry" : `${formatDuration(holder.ttlLeft)} left`;
  const token = holder.type === "string" ? `  ${paint.dim(`token ${holder.tokenHash}`)}` : "";
  return `${paint.yellow(holder.kept ? "kept" : "held")}    ${describeOwner(holder)}  ${left}${token}`;
}
