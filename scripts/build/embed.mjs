/**
 * Replaces the built modules that read files of the package by modules that contain what they would read. The package reads
 * none of its own files: a bundle has no such files, and archives have no folders.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Only the replaced modules import these. */
const unused = ["inspector/server/page-folder", "support/module-location"];

export async function embed() {
  const folder = pathToFileURL(resolve("build/esm/inspector/server/page-folder.js"));
  const { readPageFolder } = await import(folder.href);
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  replace("inspector/server/page-content", "pageContent", readPageFolder("build/page"));
  replace("support/version", "packageVersion", version);
  for (const module of unused) for (const ending of ["js", "d.ts"]) rmSync(`build/esm/${module}.${ending}`);
}

/** Writes a module whose only export is a function that returns the value. */
function replace(module, name, value) {
  const result = `() => (${JSON.stringify(value, null, 2)})`;
  writeFileSync(`build/esm/${module}.js`, `export const ${name} = ${result};\n`);
}
