/** Runs a function of a TypeScript module, loaded in the same way as the tests. */
import { createViteServer } from "vitest/node";

/** Calls the function `name` of the module with the arguments of the command line. Its result is the exit code. */
export async function runTypeScript(path, name) {
  const vite = await createViteServer({
    configFile: false,
    appType: "custom",
    logLevel: "error",
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  try {
    const module = await vite.ssrLoadModule(path);
    process.exitCode = await module[name](process.argv.slice(2));
  } catch (error) {
    if (!error.code?.startsWith("ERR_PARSE_ARGS")) throw error;
    console.error(error.message);
    process.exitCode = 2;
  } finally {
    await vite.close();
  }
}
