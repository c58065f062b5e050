/**
 * Bundles `holdfast` for browsers into one file, dist/browser/index.js: the core with memory nodes and with clients over HTTP.
 * Nothing of Node.js is left in it.
 */
import { rolldown } from "rolldown";
import { forBrowsers } from "./for-browsers.mjs";

/** Returns the modules that the file contains. `packages`: those that users install. */
export async function bundleForBrowsers(packages) {
  const build = await rolldown({
    input: "build/esm/index.js",
    platform: "browser",
    external: packages,
    plugins: [forBrowsers()],
    onLog: (level, log) => {
      if (level === "warn") throw new Error(log.message);
    },
  });
  try {
    const { output } = await build.write({
      file: "dist/browser/index.js",
      format: "es",
      codeSplitting: false,
      comments: { annotation: true, jsdoc: false, legal: false },
      keepNames: true,
      // Names stay as they are, so that stack traces can be read.
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    });
    const foreign = /(?:\bfrom|\bimport|\bimport\()\s*"node:[^"]+"/.exec(output[0].code);
    if (foreign !== null) throw new Error(`the file for browsers has ${foreign[0]}`);
    return output.flatMap(({ moduleIds = [] }) => moduleIds);
  } finally {
    await build.close();
  }
}
