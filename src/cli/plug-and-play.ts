import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The options with which another Node.js process finds the files of this package: under Yarn Plug'n'Play they stay in an
 * archive, and only Yarn's own hooks can read it. Empty for any other installation.
 */
export function plugAndPlayOptions(): readonly string[] {
  if (process.versions.pnp === undefined) return [];
  const hooks = createRequire(import.meta.url).resolve("pnpapi");
  const loader = join(dirname(hooks), ".pnp.loader.mjs");
  if (!existsSync(loader)) return ["--require", hooks];
  // Node.js warns of the option for the loader.
  return ["--no-warnings", "--require", hooks, "--experimental-loader", pathToFileURL(loader).href];
}
