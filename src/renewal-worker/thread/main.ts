/** What runs in the worker: one script, which the build puts into the package as a text (scripts/build/embed.mjs). */
import { createRequire } from "node:module";
import { managerSettingsOf } from "../../manager/manager-settings.js";
import { ownThread } from "../../support/platform.js";
import type { ToWorker, WorkerStart } from "../messages.js";
import { openNodes } from "./open-nodes.js";
import { WorkerHost } from "./worker-host.js";

const copy = () => import("ioredis");

/** The client that is installed beside this package. The script has a copy, because a bundled program has none beside it. */
async function loadClient(): ReturnType<typeof copy> {
  try {
    const program = createRequire(process.argv[1] ?? `${process.cwd()}/`);
    return createRequire(program.resolve("holdfast"))("ioredis");
  } catch {
    return copy();
  }
}

const start = ownThread.data as WorkerStart;
/** Postings that arrive before the nodes are open. */
let early: (readonly ToWorker[])[] | null = [];
let host: WorkerHost | null = null;

ownThread.listen((posting) => {
  const messages = posting as readonly ToWorker[];
  if (host === null) early?.push(messages);
  else host.receive(messages);
});

void openNodes(start.nodes, loadClient).then((nodes) => {
  const opened = new WorkerHost(start, nodes, managerSettingsOf(start.options), ownThread.post);
  for (const messages of early ?? []) opened.receive(messages);
  early = null;
  host = opened;
});
