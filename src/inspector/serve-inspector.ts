import { InvalidOptionError } from "../errors.js";
import { isList } from "../given.js";
import { managerOf } from "../manager/managed-locks.js";
import type { Locks } from "../manager/types.js";
import { prometheusOf } from "../telemetry/prometheus.js";
import type { InspectorOptions } from "./inspector-options.js";
import { Hub } from "./server/hub.js";
import { checkDoor, checkTitle } from "./server/options.js";
import { PageServer } from "./server/page-server.js";
import { Tracker } from "./tracker.js";

/** Steps of a manager's locks that are told one by one, a second: while a page is open, and while none is. */
const lookedAt = 1_000;
/** Enough to remember what a process with long jobs does; one with short locks must not pay for what nobody sees. */
const alone = 100;

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
  const all = isList(locks) ? (locks as readonly Locks[]) : [locks as Locks];
  if (all.length === 0)
    throw new InvalidOptionError("locks", locks, "what createLocks gave, or a list of that");
  const managers = new Set(all.map((one) => managerOf(one)));
  const door = checkDoor(options);
  const title = checkTitle(options);
  const trackers: Tracker[] = [];
  const hub = new Hub((anybody) => {
    for (const tracker of trackers) tracker.pace(anybody ? lookedAt : alone);
  });
  const shown = { title, hub, recording: null, metrics: () => prometheusOf(all) };
  const server = await PageServer.start(shown, door);
  for (const manager of managers) {
    const tracker = new Tracker(manager, { stepsPerSecond: alone });
    trackers.push(tracker);
    tracker.listen((frame) => hub.hear(frame));
  }
  let closing: Promise<void> | undefined;
  const close = () => {
    for (const tracker of trackers) tracker.stop();
    closing ??= server.close();
    return closing;
  };
  return { url: server.url, port: server.port, close, [Symbol.asyncDispose]: close };
}
