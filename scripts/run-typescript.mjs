/** Runs functions of TypeScript modules, loaded in the same way as the tests. */
import { createViteServer } from "vitest/node";

/** Loads TypeScript modules. Resolves to a function that loads one, and one that ends the loading. */
export async function typeScriptLoader() {
  const vite = await createViteServer({
    configFile: false,
    appType: "custom",
    logLevel: "error",
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  return { load: (path) => vite.ssrLoadModule(path), close: () => vite.close() };
}

/** Calls the function `name` of the module with the arguments of the command line. Its result is the exit code. */
export async function runTypeScript(path, name) {
  const { load, close } = await typeScriptLoader();
  try {
    const module = await load(path);
    process.exitCode = await module[name](process.argv.slice(2));
  } catch (error) {
    if (!error.code?.startsWith("ERR_PARSE_ARGS")) throw error;
    console.error(error.message);
    process.exitCode = 2;
  } finally {
    await close();
  }
}
