/**
 * Changes the nodes of real servers and processes under load: npm run change-nodes -- [--json FILE]
 * Runs the TypeScript code of test/changing, loaded in the same way as the tests. Takes about twelve minutes.
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
  const { changeNodes } = await vite.ssrLoadModule("/test/changing/change-nodes.ts");
  process.exitCode = await changeNodes(process.argv.slice(2));
} finally {
  await vite.close();
}
