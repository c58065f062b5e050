/**
 * Replaces built modules by modules that contain what they would read or derive. The package reads none of its own files: a
 * bundle has no such files, and archives have no folders. It derives no table of a chart, because that needs XState.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync } from "node:zlib";

/** The folder of the files that contain large values. */
export const embedded = "build/embedded";

/** Only the replaced modules import these. */
const unused = ["inspector/server/page-folder", "support/module-location", "machines/compiled/derive-table"];

export async function embed() {
  const { readPageFolder } = await load("inspector/server/page-folder");
  const { chartTables } = await load("machines/compiled/chart-tables");
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  replaceCompressed("inspector/server/page-content", "pageContent", readPageFolder("build/page"));
  replace("support/version", "packageVersion", version);
  replace("machines/compiled/chart-tables", "chartTables", chartTables());
  for (const module of unused) for (const ending of ["js", "d.ts"]) rmSync(`build/esm/${module}.${ending}`);
}

const load = (module) => import(pathToFileURL(resolve(`build/esm/${module}.js`)).href);

/** Writes a module whose only export is a function that returns the value. */
function replace(module, name, value) {
  writeFileSync(`build/esm/${module}.js`, `export const ${name} = () => ${literal(value)};\n`);
}

/**
 * The same for a large value that few programs need: compressed, in a file of its own that the bundles for both module systems
 * load.
 */
export function replaceCompressed(module, name, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const file = `${basename(module)}.cjs`;
  mkdirSync(embedded, { recursive: true });
  writeFileSync(join(embedded, file), `module.exports = "${brotliCompressSync(text).toString("base64")}";\n`);
  const decompressed = 'brotliDecompressSync(Buffer.from(compressed, "base64")).toString()';
  const path = relative(dirname(`build/esm/${module}`), join(embedded, file));
  writeFileSync(
    `build/esm/${module}.js`,
    `import { brotliDecompressSync } from "node:zlib";
import compressed from "${path}";
export const ${name} = () => ${typeof value === "string" ? decompressed : `JSON.parse(${decompressed})`};
`,
  );
}

const literal = (value) =>
  typeof value === "string" ? JSON.stringify(value) : `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
