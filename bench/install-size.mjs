/** Measures the disk space of a package and its dependencies, as installed here. */
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { find, locate, manifest, root } from "./packages.mjs";

/** The size of a package in bytes, without nested packages, which are counted separately. */
function sizeOf(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.reduce((sum, entry) => {
    if (entry.name === "node_modules") return sum;
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? sizeOf(path) : statSync(path).size);
  }, 0);
}

function dependenciesOf(folder, found = new Set()) {
  const { dependencies = {}, optionalDependencies = {} } = manifest(folder);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    // Optional dependencies are installed by default, but not on every platform.
    const dependency = name in optionalDependencies ? find(name, folder) : locate(name, folder);
    if (dependency === null || found.has(dependency)) continue;
    found.add(dependency);
    dependenciesOf(dependency, found);
  }
  return found;
}

const sum = (folders) => [...folders].reduce((total, folder) => total + sizeOf(folder), 0);

/**
 * Sizes in bytes: the package alone, with its dependencies, and with ioredis, which the peers do not depend on. `packages`
 * and `packagesWithClient` count the packages.
 */
export function installedSizes(name) {
  const own = name === "holdfast";
  const folder = own ? root : locate(name);
  const alone = own
    ? JSON.parse(
        execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"], {
          cwd: root,
        }),
      )[0].unpackedSize
    : sizeOf(folder);
  const dependencies = dependenciesOf(folder);
  const ioredis = locate("ioredis");
  const withClient = new Set([...dependencies, ioredis, ...dependenciesOf(ioredis)]);
  return {
    alone,
    installed: alone + sum(dependencies),
    withClient: alone + sum(withClient),
    packages: dependencies.size + 1,
    packagesWithClient: withClient.size + 1,
  };
}
