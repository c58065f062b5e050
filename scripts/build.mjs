/**
 * Builds dist: the same sources once as ESM, once as CommonJS, each with its types; and the inspector's page. The module
 * that contains the Lua scripts is generated first.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "vite";
import { embed } from "./build/embed.mjs";
import { guardOptionalPackages } from "./build/optional-packages.mjs";
import { writeImportTypes } from "./build/redlock-types.mjs";
import { write as generateScripts, isCurrent } from "./lua/generate.mjs";

const tsc = createRequire(import.meta.url)
  .resolve("typescript/package.json")
  .replace("package.json", "bin/tsc");

// The build would hide it: what was committed must be what the sources give.
if (process.env.CI && !isCurrent(".")) {
  console.error(
    "src/engine/protocol/script.generated.ts is older than its sources: run `npm run build`, and commit it",
  );
  process.exit(1);
}
generateScripts(".");
rmSync("dist", { recursive: true, force: true });
for (const project of ["tsconfig.esm.json", "tsconfig.cjs.json"]) {
  const { status } = spawnSync(process.execPath, [tsc, "-p", project], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
// The package has type "module"; this folder overrides it.
writeFileSync("dist/cjs/package.json", `${JSON.stringify({ type: "commonjs" })}\n`);
guardOptionalPackages("dist/cjs");
writeImportTypes();
chmodSync("dist/esm/cli/main.js", 0o755);

await build({ configFile: "visualizations/inspector/vite.config.ts", logLevel: "warn" });
await embed();
