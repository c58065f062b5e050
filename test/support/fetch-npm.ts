import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const cache = fileURLToPath(new URL("../../node_modules/.cache/holdfast", import.meta.url));
/** The timeout in ms for the whole installation. */
const installTimeout = 300_000;

/**
 * Installs a package of npm into the project's cache folder, unless it is there. Resolves to the folder that contains its
 * `node_modules`. For programs that are too large for the development dependencies.
 */
export async function fetchNpm(name: string, version: string): Promise<string> {
  const folder = join(cache, `${name.replace("/", "-")}-${version}`);
  const done = join(folder, "installed");
  if (existsSync(done)) return folder;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", `${name}@${version}`];
  await promisify(execFile)("npm", args, { cwd: folder, timeout: installTimeout });
  await writeFile(done, "");
  return folder;
}
