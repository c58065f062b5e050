import { PageServer } from "../../inspector/server/page-server.js";
import { CommandLifetime } from "../command-lifetime.js";
import type { Config } from "../config.js";
import { exitCode, usageError } from "../exit.js";
import { choose, everyAddress } from "../groups.js";
import type { NodeFlags } from "../nodes.js";
import { output } from "../output.js";
import { type ListenFlags, listenAddressOf } from "./listen-flags.js";
import { showLive } from "./live.js";
import type { Presentation } from "./presentation.js";
import { showRecording } from "./replay.js";

/** Time in ms for one node's answer; the first answer includes connecting. */
const defaultTimeout = 2_000;

export interface UiFlags extends ListenFlags, NodeFlags {
  /** A file name. */
  readonly replay?: string;
  /** In ms. */
  readonly nodeTimeout?: number;
}

/** `holdfast ui`: serves the page until it is ended. Resolves with the exit code. */
export async function ui(flags: UiFlags, config: Config, environment: NodeJS.ProcessEnv): Promise<number> {
  const listenAddress = listenAddressOf(flags, environment);
  if (flags.replay === "") throw usageError("--replay needs the name of a file");
  const lifetime = new CommandLifetime();
  let presentation: Presentation | null = null;
  try {
    presentation = await show(flags, config, environment, lifetime.signal);
    if (lifetime.signal.aborted) return exitCode.ok;
    const server = await PageServer.start(presentation, listenAddress);
    // Unlike an inspector's server, this server is the purpose of the process.
    server.keepProcess();
    output.print(server.url);
    if (listenAddress.token !== null)
      output.error(`open it once as ${server.url}?token=... with its access token`);
    await lifetime.ended();
    await server.close();
    return exitCode.ok;
  } finally {
    await presentation?.end();
    lifetime.dispose();
  }
}

function show(
  flags: UiFlags,
  config: Config,
  environment: NodeJS.ProcessEnv,
  over: AbortSignal,
): Promise<Presentation> {
  if (flags.replay !== undefined) return showRecording(flags.replay);
  const timeout = flags.nodeTimeout ?? config.nodeTimeout ?? defaultTimeout;
  return showLive(everyAddress(choose(flags, environment, config)), timeout, over);
}
