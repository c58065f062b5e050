import { recogniseNode } from "../../clients/recognise.js";
import { createLocks } from "../../create-locks.js";
import { openRecording, type RecordingWriter } from "../../inspector/recording.js";
import { checkResources } from "../../lock/option-checks.js";
import { within } from "../bounded.js";
import type { Config } from "../config.js";
import { Ending } from "../ending.js";
import { exitCode, usageError } from "../exit.js";
import { chooseNodes } from "../nodes.js";
import { Reach } from "../reach.js";
import { Wanted } from "./wanted.js";
import { Watching } from "./watching.js";

export interface WatchFlags {
  readonly node?: readonly string[];
  readonly prefix?: string;
  readonly nodeTimeout?: number;
  /** A file. */
  readonly record?: string;
  readonly force?: boolean;
  readonly json?: boolean;
  /** ms. */
  readonly for?: number;
}

/** ms for one node's answer; the first one takes connecting as well. */
const defaultTimeout = 2_000;
/** ms that closing the connections may take. */
const partingTime = 1_000;
/** Names that are asked once a second. */
const mostNames = 100;

/** `holdfast watch`: the locks of all processes that tell of them, as they change. Resolves with what to exit with. */
export async function watch(
  names: readonly string[],
  flags: WatchFlags,
  config: Config,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  if (names.includes("")) throw usageError("a resource is a non-empty string");
  if (names.length > mostNames)
    throw usageError(`${names.length} names are too many; name at most ${mostNames}, or use "*"`);
  if (flags.record === "") throw usageError("--record needs the name of a file");
  const prefix = flags.prefix ?? config.prefix;
  const wanted = new Wanted(names, prefix);
  for (const name of wanted.exact) checkResources(name);
  const nodes = chooseNodes(flags.node, environment.HOLDFAST_NODES, config.nodes).map((address, index) =>
    recogniseNode(address, index),
  );
  const nodeTimeout = flags.nodeTimeout ?? config.nodeTimeout ?? defaultTimeout;
  // Nothing is locked; but a ttl has to be longer than a node's answer may take.
  const locks = createLocks({ nodes, prefix: prefix ?? "", nodeTimeout, ttl: nodeTimeout + 1 });
  const ending = new Ending();
  let watching: Watching | undefined;
  const reach = new Reach(nodes, (what) => watching?.nodeChanged(what));
  try {
    await reach.any(nodeTimeout, ending.signal);
    if (ending.signal.aborted) return exitCode.ok;
    const recording = await record(flags, ending);
    if (flags.for !== undefined) ending.after(flags.for);
    try {
      watching = new Watching({ nodes, locks, wanted, reach, recording, json: flags.json ?? false }, ending);
      await watching.run();
    } finally {
      await recording?.close();
    }
    return exitCode.ok;
  } finally {
    reach.leave();
    await within(partingTime, locks.close({ timeout: 0 }));
    ending.leave();
  }
}

async function record(
  { record, force = false }: WatchFlags,
  ending: Ending,
): Promise<RecordingWriter | null> {
  if (record === undefined) return null;
  return openRecording(record, { force, onFailure: (error) => ending.fail(error) });
}
