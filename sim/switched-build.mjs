/** Builds a copy of the sources in which one rule is switched off. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { write as generateScripts } from "../scripts/lua/generate.mjs";
import { findSwitch, readSources, switchedOff } from "../scripts/switches/find.mjs";

const root = resolve(import.meta.dirname, "..");
const tsc = createRequire(import.meta.url)
  .resolve("typescript/package.json")
  .replace("package.json", "bin/tsc");

/** Builds the copy. `changes`: [file, code to replace, replacement]; see scripts/switches/find.mjs. */
export async function switchedBuild({ off, changes }) {
  const copy = mkdtempSync(join(tmpdir(), "holdfast-sim-"));
  const remove = () => rmSync(copy, { recursive: true, force: true });
  try {
    for (const part of ["src", "package.json", "tsconfig.json", "tsconfig.build.json"]) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    for (const [file, from, to] of changes) {
      // Read again for each change, because an earlier change may be in the same file.
      const sources = readSources(copy);
      const place = findSwitch(sources, { off, file, from });
      writeFileSync(join(copy, place.path), switchedOff(sources, place, to));
      // What is switched off may have been the only use of something.
      if (place.path.endsWith(".lua")) generateScripts(copy, { allowUnused: true });
    }
    // --noCheck: a switch may leave code unused or unreachable.
    await promisify(execFile)(process.execPath, [tsc, "-p", "tsconfig.build.json", "--noCheck"], {
      cwd: copy,
    });
    return { entry: pathToFileURL(join(copy, "build/esm/testing/simulator/")).href, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
