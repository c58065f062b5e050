import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const cache = join(root, "node_modules/.cache/holdfast/cli");
/** Time in ms after which the build of an older source is removed; another run may still be using it. */
const kept = 3_600_000;

/**
 * Builds the command from the current source, because Node.js 20 runs no TypeScript and a build may be outdated.
 * Builds once per state of the source; files that start at the same time may build twice, and then one build is kept.
 */
export async function builtCommand(): Promise<string> {
  const folder = join(cache, await fingerprint());
  const main = join(folder, "build/cli/main.js");
  if (existsSync(main)) return main;
  await mkdir(cache, { recursive: true });
  await removeOld();
  const building = await mkdtemp(join(cache, "building-"));
  await build(building);
  await rename(building, folder).catch(() => rm(building, { recursive: true, force: true }));
  return main;
}

async function build(folder: string): Promise<void> {
  // Inside node_modules no surrounding package.json determines the module type. The sources read the version from it.
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", version }));
  // Types are checked elsewhere and need not be correct for the command to run.
  const compilerOptions = {
    noCheck: true,
    noEmit: false,
    outDir: join(folder, "build"),
    rootDir: join(root, "src"),
  };
  const project = { extends: join(root, "tsconfig.json"), compilerOptions, include: [join(root, "src/cli")] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(project));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch((error: { stdout?: string }) => {
    throw new Error(`The command could not be built:\n${error.stdout ?? error}`, { cause: error });
  });
  // The sources read the page there.
  await symlink(join(root, "build/page"), join(folder, "build/page"));
}

async function fingerprint(): Promise<string> {
  const hash = createHash("sha256");
  hash.update(await readFile(fileURLToPath(import.meta.url)));
  const names = await readdir(join(root, "src"), { recursive: true });
  for (const name of names.filter((one) => one.endsWith(".ts")).sort()) {
    hash.update(`${name}\0`).update(await readFile(join(root, "src", name)));
  }
  return hash.digest("hex").slice(0, 16);
}

async function removeOld(): Promise<void> {
  for (const name of await readdir(cache)) {
    const folder = join(cache, name);
    // Another test process may be removing it as well.
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > kept) await rm(folder, { recursive: true, force: true });
  }
}
