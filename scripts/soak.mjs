/**
 * Real faults for ten minutes: npm run soak -- [--for 10m] [--seed N] [--class beyond] [--json FILE] [--write]
 * What it runs is the tests' own (test/faults), which is TypeScript: loaded as the tests are.
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
