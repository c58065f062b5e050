/**
 * Bundlers accept that a package is absent only where its `require` stands directly in a `try` block. The CommonJS that the
 * compiler makes of `import()` puts `require` into a function instead, so this script gives that function a `try` of its own.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function guardOptionalPackages(folder) {
  const { peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  const names = Object.keys(peerDependencies).join("|");
  const loading = new RegExp(`\\(\\) => (__importStar\\(require\\("(?:${names})"\\)\\))`, "g");
  for (const file of readdirSync(folder, { recursive: true })) {
    if (!file.endsWith(".js")) continue;
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    const guarded = text.replace(loading, "() => { try { return $1; } catch (error) { throw error; } }");
    if (guarded !== text) writeFileSync(path, guarded);
  }
}
