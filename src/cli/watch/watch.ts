import { recogniseNode } from "../../clients/recognise.js";
import { openRecording, type RecordingWriter } from "../../inspector/recording.js";
import { checkResources } from "../../lock/resources.js";
import { within } from "../bounded.js";
import { CommandLifetime } from "../command-lifetime.js";
import type { Config } from "../config.js";
import { exitCode, usageError } from "../exit.js";
import { choose, createChosenLocks, everyAddress } from "../groups.js";
import { NodeConnections } from "../node-connections.js";
import type { NodeFlags } from "../nodes.js";
import { LockFilter } from "./lock-filter.js";
import { WatchSession } from "./watch-session.js";

export interface WatchFlags extends NodeFlags {
  readonly prefix?: string;
  readonly nodeTimeout?: number;
  /** A file name. */
  readonly record?: string;
  readonly force?: boolean;
  /** How long frames stay in the file, in ms. */
  readonly keep?: number;
  /** Maximum bytes of the file. */
  readonly maxSize?: number;
  readonly json?: boolean;
  /** In ms. */
  readonly for?: number;
}

/** Time in ms for one node's answer; the first answer includes connecting. */
const defaultTimeout = 2_000;
/** Time in ms that closing the connections may take. */
const closeTimeout = 1_000;
/** Maximum number of resources that the nodes are asked about once a second. */
const maxNames = 100;

/**
 * `holdfast watch`: shows the locks of all processes that publish them, as they change. Resolves with the exit code.
 */
export async function watch(
  names: readonly string[],
  flags: WatchFlags,
  config: Config,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  if (names.includes("")) throw usageError("a resource is a non-empty string");
  if (names.length > maxNames)
    throw usageError(`${names.length} names are too many; name at most ${maxNames}, or use "*"`);
  if (flags.record === "") throw usageError("--record needs the name of a file");
  if (flags.record === undefined && (flags.keep ?? flags.maxSize) !== undefined)
    throw usageError("--keep and --max-size are about the file of --record");
  const prefix = flags.prefix ?? config.prefix;
  const filter = new LockFilter(names, prefix);
  for (const name of filter.exact) checkResources(name);
  const chosen = choose(flags, environment, config);
  const byAddress = new Map(
    everyAddress(chosen).map((address, index) => [address, recogniseNode(address, index)] as const),
  );
  const nodes = [...byAddress.values()];
  const nodeTimeout = flags.nodeTimeout ?? config.nodeTimeout ?? defaultTimeout;
  // No lock is acquired, but a ttl must exceed the node timeout.
  const options = { prefix: prefix ?? "", nodeTimeout, ttl: nodeTimeout + 1 };
  const locks = createChosenLocks(chosen, options, (address) => byAddress.get(address) ?? address);
  const lifetime = new CommandLifetime();
  let session: WatchSession | undefined;
  const connections = new NodeConnections(nodes, (what) => session?.nodeChanged(what));
  try {
    await connections.waitForAny(nodeTimeout, lifetime.signal);
    if (lifetime.signal.aborted) return exitCode.ok;
    const recording = await record(flags, lifetime);
    if (flags.for !== undefined) lifetime.after(flags.for);
    try {
      session = new WatchSession(
        { nodes, locks, filter, connections, recording, json: flags.json ?? false },
        lifetime,
      );
      await session.run();
    } finally {
      await recording?.close();
    }
    return exitCode.ok;
  } finally {
    connections.stop();
    await within(closeTimeout, locks.close({ timeout: 0 }));
    lifetime.dispose();
  }
}

async function record(
  { record, force = false, keep, maxSize }: WatchFlags,
  ending: CommandLifetime,
): Promise<RecordingWriter | null> {
  if (record === undefined) return null;
  return openRecording(record, {
    force,
    ...(keep === undefined ? {} : { keep }),
    ...(maxSize === undefined ? {} : { maxSize }),
    onFailure: (error) => ending.fail(error),
  });
}
