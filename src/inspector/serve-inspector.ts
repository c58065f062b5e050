import type { Locks } from "../api/types.js";
import type { InspectorOptions } from "./inspector-options.js";
import { observedLocks } from "./observed-locks.js";
import { checkListenAddress, checkTitle } from "./server/options.js";
import { PageServer } from "./server/page-server.js";
import type { Story } from "./server/story.js";

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
  return serveWithStory(locks, options, null);
}

/** The same for a page that tells a story beside what it shows. */
export async function serveWithStory(
  locks: Locks | readonly Locks[],
  options: InspectorOptions,
  story: Story | null,
): Promise<Inspector> {
  const { feed, metrics, start } = observedLocks(locks);
  const listenAddress = checkListenAddress(options);
  const shown = { title: checkTitle(options), hub: feed.hub, recording: null, metrics, story };
  const server = await PageServer.start(shown, listenAddress);
  start();
  let closing: Promise<void> | undefined;
  const close = () => {
    feed.stop();
    closing ??= server.close();
    return closing;
  };
  return { url: server.url, port: server.port, close, [Symbol.asyncDispose]: close };
}
