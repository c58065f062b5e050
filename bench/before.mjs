/**
 * Another build of Holdfast, which is measured in the same turns as one more system. It is passed to child processes in
 * the environment.
 */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { manifest } from "./packages.mjs";

const variable = "HOLDFAST_BENCH_BEFORE";

/** The URL of the other build's entry point; undefined if there is none. */
export const entryBefore = () => process.env[variable];

/**
 * Chooses the build in this folder, which contains package.json and dist. Returns a description of the build: its version
 * and when it was built. The commit would not tell what was built, because the folder's sources may have changed since.
 */
export function chooseBefore(given) {
  const folder = resolve(given);
  if (!existsSync(join(folder, "package.json"))) throw new Error(`${folder} has no package.json`);
  const { version, module = "dist/esm/index.js" } = manifest(folder);
  const entry = join(folder, module);
  if (!existsSync(entry)) throw new Error(`${entry} does not exist: build that folder first (npm run build)`);
  process.env[variable] = pathToFileURL(entry).href;
  return { version, built: statSync(entry).mtime.toISOString().slice(0, 16).replace("T", " ") };
}
