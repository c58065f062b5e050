/**
 * Builds the package. `build` gets the sources as separate modules, with their types, and the inspector's page; the
 * simulator, the scripts and the benchmarks use these. `dist` gets what is published: bundles of these modules, as ESM and
 * as CommonJS. The module that contains the Lua scripts is generated first.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "vite";
import { bundle } from "./build/bundle.mjs";
import { embed } from "./build/embed.mjs";
import { embedThread } from "./build/thread.mjs";
import { writeTypes } from "./build/types.mjs";
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
for (const folder of ["build", "dist"]) rmSync(folder, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

await build({ configFile: "visualizations/inspector/vite.config.ts", logLevel: "warn" });
await embed();
await bundle(await embedThread());
writeTypes();
