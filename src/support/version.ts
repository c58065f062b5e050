import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { here } from "./module-location.js";

/**
 * The version of the package that contains this file. Searches upwards, because built files are nested deeper than
 * source files.
 */
export function packageVersion(): string {
  for (let folder = here; ; ) {
    const found = read(join(folder, "package.json"));
    if (found?.name === "holdfast" && found.version !== undefined) return found.version;
    const parent = dirname(folder);
    if (parent === folder) return "unknown";
    folder = parent;
  }
}

function read(file: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
