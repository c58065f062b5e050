import { PageServer } from "../../inspector/server/page-server.js";
import type { Shown } from "../../inspector/server/shown.js";
import type { Config } from "../config.js";
import { Ending } from "../ending.js";
import { exitCode, usageError } from "../exit.js";
import { chooseNodes } from "../nodes.js";
import { output } from "../output.js";
import { type ListenFlags, listenAddressOf } from "./listen-flags.js";
import { showLive } from "./live.js";
import { showRecording } from "./replay.js";

/** ms for one node's answer; the first one takes connecting as well. */
const defaultTimeout = 2_000;

export interface UiFlags extends ListenFlags {
  readonly node?: readonly string[];
  /** A file. */
  readonly replay?: string;
  /** ms. */
  readonly nodeTimeout?: number;
}

/** What the page shows, until its end. */
export interface Showing extends Shown {
  end(): Promise<void>;
}

/** `holdfast ui`: serves the page until it is ended. Resolves with what to exit with. */
export async function ui(flags: UiFlags, config: Config, environment: NodeJS.ProcessEnv): Promise<number> {
  const listenAddress = listenAddressOf(flags, environment);
  if (flags.replay === "") throw usageError("--replay needs the name of a file");
  const ending = new Ending();
  let showing: Showing | null = null;
  try {
    showing = await show(flags, config, environment, ending.signal);
    if (ending.signal.aborted) return exitCode.ok;
    const server = await PageServer.start(showing, listenAddress);
    // Unlike an inspector's, it is all that goes on here.
    server.keepProcess();
    output.print(server.url);
    if (listenAddress.token !== null)
      output.complain(`open it once as ${server.url}?token=... with its access token`);
    await ending.over();
    await server.close();
    return exitCode.ok;
  } finally {
    await showing?.end();
    ending.leave();
  }
}

function show(
  { node, replay, nodeTimeout }: UiFlags,
  config: Config,
  { HOLDFAST_NODES }: NodeJS.ProcessEnv,
  over: AbortSignal,
): Promise<Showing> {
  if (replay !== undefined) return showRecording(replay);
  const timeout = nodeTimeout ?? config.nodeTimeout ?? defaultTimeout;
  return showLive(chooseNodes(node, HOLDFAST_NODES, config.nodes), timeout, over);
}
