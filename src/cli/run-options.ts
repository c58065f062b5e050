import { hostname } from "node:os";
import type { QuarantineRule } from "../engine/node/abstention.js";
import type { Config, OtherSetsRule } from "./config.js";
import { exitCode, usageError } from "./exit.js";
import { type Chosen, choose } from "./groups.js";
import type { NodeFlags } from "./nodes.js";
import { defaults, requireRoom } from "./timing.js";

/** The options of the command line; absent if not given. Durations in ms. */
export interface RunFlags extends NodeFlags {
  readonly resource?: readonly string[];
  /** The name of an election. */
  readonly elect?: string;
  readonly restart?: boolean;
  readonly prefix?: string;
  readonly owner?: string;
  readonly ttl?: number;
  /** False: --no-wait. */
  readonly wait?: number | false;
  readonly maxHold?: number;
  readonly atLeast?: number;
  readonly grace?: number;
  readonly nodeTimeout?: number;
  readonly connectTimeout?: number;
  readonly quarantine?: QuarantineRule;
  readonly otherSets?: OtherSetsRule;
  readonly publish?: boolean;
  readonly conflictExitCode?: number;
  readonly foreground?: boolean;
  readonly json?: boolean;
}

/** The complete options of a run, validated and with every default filled in. */
export type RunOptions = RunSettings & Chosen;

interface RunSettings {
  readonly resources: readonly string[];
  /** The name of the election in which the command's process is a candidate; null if the command runs under a lock. */
  readonly elect: string | null;
  /** Whether the command is started again when it ends while its process leads. */
  readonly restart: boolean;
  readonly prefix: string;
  readonly owner: string;
  readonly ttl: number;
  readonly wait: number | false;
  readonly maxHold: number | undefined;
  readonly atLeast: number;
  readonly grace: number;
  readonly nodeTimeout: number | undefined;
  readonly connectTimeout: number | undefined;
  readonly quarantine: QuarantineRule;
  readonly otherSets: OtherSetsRule;
  readonly publish: boolean;
  readonly conflictExitCode: number;
  readonly foreground: boolean;
  readonly json: boolean;
  readonly command: readonly [string, ...string[]];
}

export function resolveRun(
  flags: RunFlags,
  command: readonly string[],
  config: Config,
  environment: NodeJS.ProcessEnv,
): RunOptions {
  const [name, ...args] = command;
  if (name === undefined || name === "") throw usageError("no command to run: put it after --");
  if (/^rediss?:\/\//i.test(name)) {
    throw usageError("an address stands where the command should be: repeat --node for each address");
  }
  const resources = resourcesOf(flags);
  const { ttl: defaultTtl, wait, grace } = defaults;
  const elect = flags.elect ?? null;
  // A leader hands over at once, and leads for as long as its lease is renewed.
  const lockOnly = elect === null ? config : { ...config, atLeast: 0, maxHold: undefined };
  const atLeast = flags.atLeast ?? lockOnly.atLeast ?? 0;
  const timing = {
    // As in the library: the nodes keep the lock for this long even if this process dies.
    ttl: Math.max(flags.ttl ?? config.ttl ?? defaultTtl, atLeast),
    atLeast,
    grace: flags.grace ?? config.grace ?? grace,
    nodeTimeout: flags.nodeTimeout ?? config.nodeTimeout,
    maxHold: flags.maxHold ?? lockOnly.maxHold,
  };
  requireRoom(timing);
  return {
    ...timing,
    resources,
    elect,
    restart: flags.restart ?? false,
    ...choose(flags, environment, config),
    connectTimeout: flags.connectTimeout ?? config.connectTimeout,
    prefix: flags.prefix ?? config.prefix ?? "",
    owner: flags.owner ?? config.owner ?? defaultOwner(),
    quarantine: flags.quarantine ?? config.quarantine ?? "auto",
    otherSets: flags.otherSets ?? config.otherSets ?? "warn",
    publish: flags.publish ?? config.publish ?? false,
    wait: flags.wait ?? config.wait ?? wait,
    conflictExitCode: flags.conflictExitCode ?? exitCode.contended,
    foreground: flags.foreground ?? false,
    json: flags.json ?? false,
    command: [name, ...args],
  };
}

/** The options of a run under a lock that mean nothing in an election. */
const lockOptions = {
  resource: "--resource",
  wait: "--wait",
  maxHold: "--max-hold",
  atLeast: "--at-least",
  conflictExitCode: "--conflict-exit-code",
} as const satisfies { readonly [Name in keyof RunFlags]?: string };

function resourcesOf(flags: RunFlags): readonly string[] {
  const { elect, resource, restart } = flags;
  if (elect === undefined) {
    if (restart) throw usageError("--restart is for a leader: name the election with --elect NAME");
    if (resource !== undefined) return resource;
    throw usageError("nothing to lock: name it with --resource NAME, or an election with --elect NAME");
  }
  for (const [name, option] of Object.entries(lockOptions)) {
    if (flags[name as keyof typeof lockOptions] === undefined) continue;
    throw usageError(
      `${option} is not for --elect: the process campaigns until it leads, and leads until the command ends`,
    );
  }
  if (elect === "") throw usageError("--elect needs the name of an election");
  return [elect];
}

/** The same as the library's default, needed here because the command receives it. */
const defaultOwner = () => `${hostname()}:${process.pid}`.replace(/[^\x20-\x7d]/g, "?").slice(-128);
