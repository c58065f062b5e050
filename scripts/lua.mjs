/** Generates the module that contains the Lua scripts. `--check` only tells whether the module is current. */
import { resolve } from "node:path";
import { isCurrent, write } from "./lua/generate.mjs";

const root = resolve(import.meta.dirname, "..");

try {
  if (!process.argv.includes("--check")) write(root);
  else if (!isCurrent(root)) {
    throw new Error("src/engine/protocol/script.generated.ts is stale: run `node scripts/lua.mjs`");
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
