import { Hub } from "../../../../src/inspector/server/hub.js";
import { PageServer } from "../../../../src/inspector/server/page-server.js";
import type { Frame } from "../../../../src/inspector/frames.js";

export interface Served {
  readonly hub: Hub;
  readonly server: PageServer;
}

/** The real server, which shows what it is told here. `port`: 0 is any. */
export async function serve(recording: readonly Frame[] | null = null, port = 0): Promise<Served> {
  const hub = new Hub();
  const shown = { title: "a test", hub, recording, metrics: () => Promise.resolve(null) };
  const server = await PageServer.start(shown, { host: "127.0.0.1", port, token: null });
  return { hub, server };
}
