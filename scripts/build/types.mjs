/**
 * Copies the declaration files that the entry points need beside the bundles. Each module keeps its own file, so that the
 * entry points share their classes. dist/cjs has the files of all modules; the entry points of dist/esm take the types from
 * there. The nearest package.json decides how a compiler reads a file.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { entryPoints } from "./entry-points.mjs";

const built = "build/esm";

export function writeTypes() {
  const declarations = entryPoints.map((entry) => `${entry}.d.ts`);
  const commonjs = declarations.map((file) => (file === "redlock.d.ts" ? "redlock.d.cts" : file));
  for (const file of closureOf(commonjs)) cpSync(join(built, file), join("dist/cjs/types", file));
  mkdirSync("dist/esm/types", { recursive: true });
  for (const file of declarations) writeEsm(file, fromCommonjs(readFileSync(join(built, file), "utf8")));
  writeImportTypes();
}

const writeEsm = (file, text) => writeFileSync(join("dist/esm/types", file), text);

const fromCommonjs = (text) => text.replaceAll(/((?:from |import |import\()")\.\//g, "$1../../cjs/types/");

/** The files, and those that they import, directly or through others. */
function closureOf(files) {
  const found = new Set(files);
  for (const file of found) {
    const text = readFileSync(join(built, file), "utf8");
    for (const [, name] of text.matchAll(/(?:from |import |import\(|require\()"(\.[^"]+)\.js"/g))
      found.add(join(dirname(file), `${name}.d.ts`));
  }
  return found;
}

/**
 * Writes the types of `import` from "holdfast/redlock" for compilers before TypeScript 5.6, which cannot parse the export
 * named "module.exports". Only compilers that know the condition "module-sync" give that export a meaning, and they take
 * redlock.d.ts.
 */
function writeImportTypes() {
  const text = readFileSync(join(built, "redlock.d.ts"), "utf8").replace(', Redlock as "module.exports"', "");
  if (text.includes("module.exports"))
    throw new Error("redlock.d.ts has another form than types.mjs expects");
  writeEsm("redlock.import.d.ts", fromCommonjs(text));
}
