/**
 * Injects real faults for ten minutes: npm run soak -- [--for 10m] [--seed N] [--class beyond] [--json FILE] [--write]
 * Runs the TypeScript code of test/faults, loaded in the same way as the tests.
 */
import { createViteServer } from "vitest/node";

const vite = await createViteServer({
  configFile: false,
  appType: "custom",
  logLevel: "error",
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
try {
  const { soak } = await vite.ssrLoadModule("/test/faults/soak.ts");
  process.exitCode = await soak(process.argv.slice(2));
} finally {
  await vite.close();
}
