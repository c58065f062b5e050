/**
 * Replaces built modules by modules that contain what they would read or derive. The package reads none of its own files: a
 * bundle has no such files, and archives have no folders. It derives no table of a chart, because that needs XState.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Only the replaced modules import these. */
const unused = ["inspector/server/page-folder", "support/module-location", "machines/compiled/derive-table"];

export async function embed() {
  const { readPageFolder } = await load("inspector/server/page-folder");
  const { chartTables } = await load("machines/compiled/chart-tables");
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  replace("inspector/server/page-content", "pageContent", readPageFolder("build/page"));
  replace("support/version", "packageVersion", version);
  replace("machines/compiled/chart-tables", "chartTables", chartTables());
  for (const module of unused) for (const ending of ["js", "d.ts"]) rmSync(`build/esm/${module}.${ending}`);
}

const load = (module) => import(pathToFileURL(resolve(`build/esm/${module}.js`)).href);

/** Writes a module whose only export is a function that returns the value. */
export function replace(module, name, value) {
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
  writeFileSync(`build/esm/${module}.js`, `export const ${name} = () => ${text};\n`);
}
