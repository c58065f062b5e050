/**
 * Injects real faults for ten minutes: npm run soak -- [--for 10m] [--seed N] [--class beyond] [--json FILE] [--write]
 * Runs the TypeScript code of test/faults, loaded in the same way as the tests.
 */
import { runTypeScript } from "./run-typescript.mjs";

await runTypeScript("/test/faults/soak.ts", "soak");
