import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Everything comes from the page's own server, as files: its content security policy allows nothing else. */
export default defineConfig({
  root: at("."),
  // It may be served below a path.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: at("../../build/page"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    // Of the packages in the page: the build puts them into dist/licenses.md.
    license: { fileName: "licenses.json" },
  },
});
