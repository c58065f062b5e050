import type { Config } from "../config.js";
import { readTarget, type Target } from "../doctor/target.js";
import { describeObstacle } from "../doctor/wait/obstacle.js";
import { list } from "../doctor/words.js";
import { CommandError, exitCode, usageError } from "../exit.js";
import { chooseNodes, listedIn } from "../nodes.js";
import { output } from "../output.js";
import {
  endQuarantine,
  identificationOf,
  identificationsOf,
  type Others,
  quarantineOf,
  votes,
} from "./end-quarantine.js";
import { isConfirmed } from "./question.js";

/** Time in ms for which a node may be silent. */
const defaultTimeout = 5_000;

const risk =
  "It may have granted locks that are still held. If it votes now, such a lock can be granted to somebody else as well: " +
  "two hold it. Make sure that no lock that it granted before is in use.";

const fences = "A fence could then be lower than an earlier one.";

export interface AdmitFlags {
  readonly node?: readonly string[];
  readonly other?: readonly string[];
  readonly timeout?: number;
  readonly yes?: boolean;
}

/** `holdfast admit`: ends the quarantine of one node. Resolves with the exit code. */
export async function admit(
  flags: AdmitFlags,
  config: Config,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const target = targetOf(flags.node);
  const { timeout = defaultTimeout } = flags;
  const others = othersOf(target, flags.other, environment.HOLDFAST_NODES, config.nodes);
  const seen = await identificationOf(target, timeout);
  if (seen.memory === null || votes(seen)) return voting(target);
  const obstacle = { why: "quarantined", ...quarantineOf(seen.memory) } as const;
  output.print(`${target.name} does not vote: ${describeObstacle(obstacle)}`);
  output.print(risk);
  for (const line of silenceLines(others, await identificationsOf(others, timeout))) output.print(line);
  if (!(await isWanted(flags.yes === true))) throw new CommandError(1, "nothing was changed");
  // Asked once more, because fences may have been granted while the question stood.
  const change = await endQuarantine(target, seen, await identificationsOf(others, timeout), timeout);
  if (change === null) return voting(target);
  const { ended, unrecorded } = change;
  output.print(`${target.name} votes: ${ended.by} ended its quarantine. Programs notice within 15 s`);
  if (unrecorded !== null)
    output.error(`warning: who ended it could not be recorded on the node: ${unrecorded}`);
  return exitCode.ok;
}

function targetOf(nodes: readonly string[] | undefined): Target {
  const [address, ...more] = nodes === undefined ? [] : chooseNodes(nodes, undefined, undefined);
  if (address === undefined) throw usageError("name the node to admit: --node redis://host:6379");
  if (more.length > 0)
    throw usageError("--node: one node at a time; --other names the other nodes of the set");
  return readTarget(address);
}

function othersOf(
  { name }: Target,
  flags: readonly string[] | undefined,
  environment: string | undefined,
  configured: readonly string[] | undefined,
): Target[] {
  const named = [flags, configured].some((list) => list !== undefined && list.length > 0);
  if (!named && listedIn(environment).length === 0) return [];
  const addresses = chooseNodes(flags, environment, configured, "--other");
  const others = addresses.map(readTarget).filter((other) => other.name !== name);
  if (flags !== undefined && others.length === 0)
    throw usageError(
      `--other: ${name} is the node to admit (--node): name the other nodes of the set, or none`,
    );
  return others;
}

function silenceLines(others: readonly Target[], known: Others): string[] {
  if (others.length === 0)
    return [
      `The other nodes are not named (--other, HOLDFAST_NODES), so their fences are not taken over. ${fences}`,
    ];
  const silent = others.filter((_, index) => (known[index]?.memory ?? null) === null).map(({ name }) => name);
  if (silent.length === 0) return [];
  return [`${list(silent)} cannot be asked, so the fences there are not taken over. ${fences}`];
}

/** @throws CommandError if nobody can be asked. */
function isWanted(yes: boolean): Promise<boolean> | boolean {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usageError("not done: without a terminal to ask on, --yes must confirm the risk");
  return isConfirmed("End its quarantine?", process.stdin, process.stderr);
}

function voting({ name }: Target): number {
  output.print(`${name} votes already: it needs no admission, and nothing was changed`);
  return exitCode.ok;
}
