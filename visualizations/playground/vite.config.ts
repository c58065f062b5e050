import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { forBrowsers } from "../../scripts/build/for-browsers.mjs";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Package.json says that importing has no effects, which holds for the library, and not for the script of a page. */
const pageHasEffects = {
  name: "page-has-effects",
  transform: (code: string, id: string) =>
    /[\\/]inspector[\\/]src[\\/]main\.tsx$/.test(id) ? { code, moduleSideEffects: true } : null,
};

/** The inspector's page with what it shows: the core for browsers, memory nodes, and no server. */
export default defineConfig({
  root: at("."),
  base: "./",
  plugins: [forBrowsers(), pageHasEffects],
  // Nothing waits for the page's server, which is in the page.
  resolve: { alias: { "node:events": at("src/node-events.ts") } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: at("../../build/playground"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
});
