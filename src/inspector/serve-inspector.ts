import { managerOf } from "../api/managed-locks.js";
import type { Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { isList } from "../support/untrusted.js";
import { prometheusOf } from "../telemetry/prometheus.js";
import { InspectorFeed } from "./feed/inspector-feed.js";
import type { InspectorOptions } from "./inspector-options.js";
import { checkDoor, checkTitle } from "./server/options.js";
import { PageServer } from "./server/page-server.js";

/** A page that shows locks, being served. */
export interface Inspector extends AsyncDisposable {
  /** Where a browser of this machine finds it. Without the token, if there is one: see docs/inspector.md. */
  readonly url: string;
  readonly port: number;
  /** Stops serving and looking on; the locks go on. Never rejects; a second call waits for the first. */
  close(): Promise<void>;
}

/**
 * Serves a page on which these locks can be watched: their charts, votes, timelines and nodes. It only shows. By itself
 * it keeps no process from ending. Locks that are closed are shown as such, until the inspector is closed too.
 *
 * @throws InvalidOptionError before anything is opened; CannotListenError where the port is taken.
 */
export async function serveInspector(
  locks: Locks | readonly Locks[],
  options: InspectorOptions = {},
): Promise<Inspector> {
  // A list may have holes, which are no locks either.
  const all = isList(locks) ? Array.from(locks as readonly Locks[]) : [locks as Locks];
  if (all.length === 0)
    throw new InvalidOptionError("locks", locks, "what createLocks gave, or a list of that");
  const managers = new Set(all.map(managerOf));
  const listenAddress = checkDoor(options);
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
