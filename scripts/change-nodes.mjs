/**
 * Changes the nodes of real servers and processes under load: npm run change-nodes -- [--json FILE]
 * Runs the TypeScript code of test/changing, loaded in the same way as the tests. Takes about twelve minutes.
 */
import { runTypeScript } from "./run-typescript.mjs";

await runTypeScript("/test/changing/change-nodes.ts", "changeNodes");
