/**
 * Makes the script of the worker: one file with everything that it needs, also the client for addresses, since a program that a
 * bundler has built has nothing beside it. The sources run the file; the package has it as a text.
 */
import { readFileSync } from "node:fs";
import { rolldown } from "rolldown";
import { replaceCompressed } from "./embed.mjs";

const file = "build/renewal-worker.cjs";

/** Returns the modules that the script was made of. */
export async function embedThread() {
  const build = await rolldown({
    input: "build/esm/renewal-worker/thread/main.js",
    platform: "node",
    onLog: (level, log) => {
      if (level === "warn") throw new Error(log.message);
    },
  });
  const { output } = await build.write({
    file,
    format: "cjs",
    codeSplitting: false,
    comments: { annotation: false, jsdoc: false, legal: false },
    keepNames: true,
    // Names of functions stay as they are, so that stack traces can be read.
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
  });
  await build.close();
  replaceCompressed("renewal-worker/thread-code", "threadCode", readFileSync(file, "utf8"));
  return output.flatMap(({ moduleIds = [] }) => moduleIds);
}
