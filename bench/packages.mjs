/** Finds the installed packages. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

export const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** Finds a package as Node does: from the folder upwards. Returns null if the package is not installed. */
export function find(name, from = root) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (folder === dirname(folder)) return null;
  }
}

/** Finds a package that must be installed. */
export function locate(name, from = root) {
  const found = find(name, from);
  if (found === null) throw new Error(`${name} is not installed`);
  return found;
}
