/**
 * Writes the types of `import` from "holdfast/redlock" for compilers before TypeScript 5.6, which cannot parse the export
 * named "module.exports". Only compilers that know the condition "module-sync" give that export a meaning, and they take
 * redlock.d.ts.
 */
import { readFileSync, writeFileSync } from "node:fs";

export function writeImportTypes() {
  const types = readFileSync("dist/esm/redlock.d.ts", "utf8");
  const text = types.replace(', Redlock as "module.exports"', "").replace(/\/\/# sourceMappingURL.*\n?/, "");
  if (text.includes("module.exports"))
    throw new Error("redlock.d.ts has another form than redlock-types.mjs expects");
  writeFileSync("dist/esm/redlock.import.d.ts", text);
}
