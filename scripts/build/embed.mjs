/**
 * Replaces the modules of dist that read files of the package by modules that contain what they would read. The built
 * package reads none of its own files: a bundle has no such files, and archives have no folders.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Only the replaced modules import these. */
const unused = ["inspector/server/page-folder", "support/module-location"];

export async function embed() {
  const folder = pathToFileURL(resolve("dist/esm/inspector/server/page-folder.js"));
  const { readPageFolder } = await import(folder.href);
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  replace("inspector/server/page-content", "pageContent", readPageFolder("dist/page"));
  replace("support/version", "packageVersion", version);
  for (const module of unused) {
    for (const format of ["esm", "cjs"]) {
      for (const ending of ["js", "js.map", "d.ts", "d.ts.map"]) rmSync(`dist/${format}/${module}.${ending}`);
    }
  }
}

/** Writes a module whose only export is a function that returns the value. */
function replace(module, name, value) {
  const result = `() => (${JSON.stringify(value, null, 2)})`;
  writeFileSync(`dist/esm/${module}.js`, `export const ${name} = ${result};\n`);
  writeFileSync(`dist/cjs/${module}.js`, `"use strict";\nexports.${name} = ${result};\n`);
  for (const format of ["esm", "cjs"]) rmSync(`dist/${format}/${module}.js.map`);
}
