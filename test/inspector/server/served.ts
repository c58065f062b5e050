import type { Frame } from "../../../src/inspector/feed/frames.js";
import { PlainFrames } from "../../../src/inspector/recording/plain-frames.js";
import { AccessToken } from "../../../src/inspector/server/access-token.js";
import { Hub } from "../../../src/inspector/server/hub.js";
import type { ListenAddress } from "../../../src/inspector/server/listen-address.js";
import { pageFilesOf } from "../../../src/inspector/server/page-files.js";
import { readPageFolder } from "../../../src/inspector/server/page-folder.js";
import { PageServer } from "../../../src/inspector/server/page-server.js";
import { ExaminedRecording } from "../../../src/inspector/server/past.js";
import type { Shown } from "../../../src/inspector/server/shown.js";

const open: PageServer[] = [];

export interface Served {
  readonly hub: Hub;
  readonly server: PageServer;
  readonly port: number;
}

/** A server for one test; `closeAll` closes it. `page`: the folder of another page than the built one. */
export async function serve(
  {
    recording: frames = null,
    ...changes
  }: Partial<Omit<Shown, "recording">> & {
    readonly recording?: readonly Frame[] | null;
  } = {},
  address: Partial<Omit<ListenAddress, "token">> & { readonly token?: string } = {},
  page?: string,
): Promise<Served> {
  const recording = frames === null ? null : new ExaminedRecording(new PlainFrames(frames));
  await recording?.examine();
  const shown = { title: "Locks", hub: new Hub(), recording, metrics: async () => null, ...changes };
  const { host = "127.0.0.1", port = 0, token } = address;
  const accessToken = token === undefined ? null : new AccessToken(token);
  const files = page === undefined ? undefined : pageFilesOf(readPageFolder(page));
  const server = await PageServer.start(shown, { host, port, token: accessToken }, files);
  open.push(server);
  return { hub: shown.hub, server, port: server.port };
}

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((server) => server.close()));
}
