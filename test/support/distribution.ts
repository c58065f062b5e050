import { access, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Apt } from "./apt.js";
import { type Launch, whyNot } from "./launch.js";

const cache = fileURLToPath(new URL("../../node_modules/.cache/holdfast/servers", import.meta.url));
/** The timeout in ms for the lists, the downloads and the unpacking of one server. */
const fetchTimeout = 240_000;

/** A server of one release of Debian. */
export interface PackagedServer {
  /** The release: "bookworm", "sid". */
  readonly suite: string;
  /** The packages that contain the server, without their libraries. */
  readonly packages: readonly string[];
  /** The path of the server in the packages. */
  readonly program: string;
}

/**
 * Fetches a server of any release of Debian, unless it is in the cache. Its libraries come from the same release, the C library
 * included, and the server is started by their loader. Needs no root and changes nothing outside the cache: the mirror is that
 * of the system's apt.
 */
export async function fetchServer(server: PackagedServer): Promise<Launch> {
  const folder = join(cache, `${server.suite}-${server.packages[0]}`);
  const root = join(folder, "root");
  const launch = () => byItsLoader(root, server.program);
  const known = await launch().catch(() => null);
  if (known !== null && (await whyNot(known, /server v=/i, "a server")) === undefined) return known;
  await mkdir(root, { recursive: true });
  const apt = new Apt(folder, AbortSignal.timeout(fetchTimeout), server.suite);
  await apt.unpackWithLibraries(server.packages, root);
  const fetched = await launch();
  const reason = await whyNot(fetched, /server v=/i, "a server");
  if (reason !== undefined) throw new Error(`${server.packages[0]} of ${server.suite} does not run: ${reason}`);
  return fetched;
}

/** A script that starts the program with the loader and the libraries of its own release. */
async function byItsLoader(root: string, program: string): Promise<Launch> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  // Of links some are absolute, and lead out of the folder.
  const loader = files.find((file) => file.isFile() && /^ld-(linux.*\.so\.\d+|[\d.]+\.so)$/.test(file.name));
  if (loader === undefined) throw new Error(`there is no loader in ${root}`);
  await access(join(root, program));
  const libraries = new Set(files.filter(({ name }) => /\.so(\.|$)/.test(name)).map((file) => file.parentPath));
  const command = join(root, "start-server");
  const args = ["--library-path", [...libraries].join(":"), join(root, program)];
  const line = [join(loader.parentPath, loader.name), ...args].map((arg) => `'${arg}'`).join(" ");
  await writeFile(command, `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o755 });
  return { command, env: {} };
}
