/**
 * Another build of Holdfast, which is measured in the same turns as one more system. It is passed to child processes in
 * the environment.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { manifest } from "./packages.mjs";

const variable = "HOLDFAST_BENCH_BEFORE";

/** The URL of the other build's entry point; undefined if there is none. */
export const entryBefore = () => process.env[variable];

/** Returns the commit of the folder, or null if the folder is in no working tree. */
function commitOf(folder) {
  try {
    const args = ["-C", folder, "rev-parse", "--short", "HEAD"];
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}

/** Chooses the build in this folder, which contains package.json and dist. Returns a description of the build. */
export function chooseBefore(given) {
  const folder = resolve(given);
  if (!existsSync(join(folder, "package.json"))) throw new Error(`${folder} has no package.json`);
  const { version, module } = manifest(folder);
  const entry = join(folder, module);
  if (!existsSync(entry)) throw new Error(`${entry} does not exist: build that folder first (npm run build)`);
  process.env[variable] = pathToFileURL(entry).href;
  return { version, commit: commitOf(folder) };
}
