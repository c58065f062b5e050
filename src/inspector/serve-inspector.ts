import { managersOf } from "../api/managed-locks.js";
import type { Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { isList } from "../support/untrusted.js";
import { prometheusOf } from "../telemetry/prometheus.js";
import { InspectorFeed } from "./feed/inspector-feed.js";
import type { InspectorOptions } from "./inspector-options.js";
import { checkListenAddress, checkTitle } from "./server/options.js";
import { PageServer } from "./server/page-server.js";

/** A page that shows locks, and the server behind it. */
export interface Inspector extends AsyncDisposable {
  /** The page's address for a browser on this machine, without the token: see docs/inspector.md. */
  readonly url: string;
  readonly port: number;
  /**
   * Stops the server and the observation; the locks are not affected. Never rejects; a second call waits for the
   * first.
   */
  close(): Promise<void>;
}

/**
 * Serves a page that shows these locks: their charts, votes, timelines and nodes. The page is read-only. The server
 * does not keep the process from ending. Closed locks stay visible until the inspector is closed too.
 *
 * @throws InvalidOptionError before anything is opened
 * @throws CannotListenError if the port is taken
 */
export async function serveInspector(
  locks: Locks | readonly Locks[],
  options: InspectorOptions = {},
): Promise<Inspector> {
  // A list may have holes, which are not locks either.
  const all = isList(locks) ? Array.from(locks as readonly Locks[]) : [locks as Locks];
  if (all.length === 0)
    throw new InvalidOptionError("locks", locks, "what createLocks gave, or a list of that");
  const managers = new Set(all.flatMap(managersOf));
  const listenAddress = checkListenAddress(options);
  const title = checkTitle(options);
  const feed = new InspectorFeed();
  const shown = { title, hub: feed.hub, recording: null, metrics: () => prometheusOf(all) };
  const server = await PageServer.start(shown, listenAddress);
  for (const manager of managers) feed.watch(manager);
  let closing: Promise<void> | undefined;
  const close = () => {
    feed.stop();
    closing ??= server.close();
    return closing;
  };
  return { url: server.url, port: server.port, close, [Symbol.asyncDispose]: close };
}
