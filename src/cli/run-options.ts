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
  readonly prefix?: string;
  readonly owner?: string;
  readonly ttl?: number;
  /** False: --no-wait. */
  readonly wait?: number | false;
  readonly maxHold?: number;
  readonly atLeast?: number;
  readonly grace?: number;
  readonly nodeTimeout?: number;
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
  readonly prefix: string;
  readonly owner: string;
  readonly ttl: number;
  readonly wait: number | false;
  readonly maxHold: number | undefined;
  readonly atLeast: number;
  readonly grace: number;
  readonly nodeTimeout: number | undefined;
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
  if (flags.resource === undefined) throw usageError("nothing to lock: name it with --resource NAME");
  const { ttl: defaultTtl, wait, grace } = defaults;
  const atLeast = flags.atLeast ?? config.atLeast ?? 0;
  const timing = {
    // As in the library: the nodes keep the lock for this long even if this process dies.
    ttl: Math.max(flags.ttl ?? config.ttl ?? defaultTtl, atLeast),
    atLeast,
    grace: flags.grace ?? config.grace ?? grace,
    nodeTimeout: flags.nodeTimeout ?? config.nodeTimeout,
    maxHold: flags.maxHold ?? config.maxHold,
  };
  requireRoom(timing);
  return {
    ...timing,
    resources: flags.resource,
    ...choose(flags, environment, config),
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

/** The same as the library's default, needed here because the command receives it. */
const defaultOwner = () => `${hostname()}:${process.pid}`.replace(/[^\x20-\x7d]/g, "?").slice(-128);
