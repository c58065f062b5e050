/**
 * Bundles the modules of `build` into `dist`: a file for each entry point, files that entry points share, and files that are
 * loaded only when they are needed. The bundles contain the packages that Holdfast uses, except those that users install:
 * `dependencies` and `peerDependencies` of package.json.
 */
import { chmodSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename } from "node:path";
import { rolldown } from "rolldown";
import { esmExternalRequirePlugin } from "rolldown/plugins";
import { minifySync } from "rolldown/utils";
import { embedded } from "./embed.mjs";
import { entryPoints } from "./entry-points.mjs";
import { writeLicenses } from "./licenses.mjs";
import { guardOptionalPackages } from "./optional-packages.mjs";

const { dependencies, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const installed = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)]);

const modules = (names) => Object.fromEntries(names.map((name) => [name, `build/esm/${name}.js`]));

/** Names of functions stay as they are, so that stack traces can be read. */
const compact = { compress: false, mangle: false, codegen: { removeWhitespace: true } };

/**
 * Shared files. `errors` is all that `holdfast/guard` needs, and `core` is what `holdfast` needs besides. A group takes the
 * modules that it names, with all that they import and no earlier group has.
 */
const groups = [
  { name: "errors", test: /esm[\\/]errors\.js$/ },
  { name: "core", test: /esm[\\/](?:create-locks|clients[\\/]memory[\\/]memory-node)\.js$/ },
  { name: "request-lock", test: /esm[\\/]integrations[\\/](?:http[\\/].*|lease-options)\.js$/ },
  { name: "redlock-class", test: /esm[\\/]redlock[\\/]redlock\.js$/ },
  { name: "feed", test: /esm[\\/]inspector[\\/](?:feed[\\/]|publishing[\\/]channel\.js$)/ },
  { name: "server", test: /esm[\\/]inspector[\\/]server[\\/]page-server\.js$/ },
  { name: "job", test: /esm[\\/]cli[\\/](?:guard|job|watchdog-messages)\.js$/ },
  { name: "command", test: /esm[\\/]cli[\\/]program\.js$/ },
];

/** `require("holdfast/redlock")` is the class, whose statics are the other exports: the only export is the default. */
const redlockClass = {
  name: "redlock-class",
  resolveId: (id) => (id === "redlock-class" ? id : null),
  load: (id) =>
    id === "redlock-class" ? 'export { Redlock as default } from "./build/esm/redlock/names.js";' : null,
};

/**
 * Takes the place of the module that loads the charts and XState: they are in a file of their own, dist/cjs/charts.js, which
 * is loaded when they are first asked for. An ES module can load it at once only by a CommonJS module.
 */
const loadChartsBy = (text, file) => ({
  name: "load-charts",
  resolveId: (id) => (id === file ? { id, external: true } : null),
  load: (id) => (/machines[\\/]load-charts\.js$/.test(id) ? text : null),
});

/** Leaves the files that contain large values outside of the bundles: dist/cjs has them, for both module systems. */
const loadEmbeddedFrom = (folder) => ({
  name: "load-embedded",
  resolveId: (id) =>
    /\/embedded\/[\w-]+\.cjs$/.test(id) ? { id: `${folder}/${basename(id)}`, external: true } : null,
});

/** The files of the command and of the simulator, which no program loads in production. */
const compacted = ["command", "watch", "chart", "ui", "testing"].map((name) => `dist/esm/${name}.js`);

/** `textModules`: the modules of the scripts that the package contains as texts. */
export async function bundle(textModules) {
  const esm = await write({
    input: { ...modules(entryPoints), cli: "build/esm/cli/main.js", watchdog: "build/esm/cli/watchdog.js" },
    plugins: [
      loadEmbeddedFrom("../cjs"),
      loadChartsBy('export { default as loadCharts } from "./load-charts.cjs";', "./load-charts.cjs"),
      // Bundled CommonJS requires modules of Node.js.
      esmExternalRequirePlugin({ external: [/^node:/, ...builtinModules] }),
    ],
    output: { dir: "dist/esm", format: "es" },
  });
  for (const file of compacted)
    writeFileSync(file, minifySync(file, readFileSync(file, "utf8"), compact).code);
  writeFileSync("dist/esm/load-charts.cjs", 'module.exports = () => require("../cjs/charts.js");\n');
  const cjs = await write({
    input: { ...modules(entryPoints), redlock: "redlock-class" },
    plugins: [
      redlockClass,
      loadEmbeddedFrom("."),
      loadChartsBy('export const loadCharts = () => require("./charts.js");', "./charts.js"),
    ],
    output: commonjs,
  });
  await write({ input: { charts: "build/esm/machines/charts.js" }, output: commonjs });
  cpSync(embedded, "dist/cjs", { recursive: true });
  // The package has type "module"; this folder overrides it.
  writeFileSync("dist/cjs/package.json", `${JSON.stringify({ type: "commonjs" })}\n`);
  chmodSync("dist/esm/cli.js", 0o755);
  const bundled = [...esm, ...cjs].flatMap(({ moduleIds = [] }) => moduleIds);
  writeLicenses([...textModules, ...bundled]);
}

const commonjs = {
  dir: "dist/cjs",
  format: "cjs",
  strict: true,
  esModule: true,
  // Test runners that load CommonJS in a context of their own have no `import()`.
  dynamicImportInCjs: false,
  // Current releases of Node.js and bundlers load the ES modules, which can be read. These are for those that cannot.
  minify: { ...compact, compress: true, mangle: { keepNames: true } },
  entryFileNames: ({ name }) => (name === "redlock" ? "redlock.cjs" : "[name].js"),
  plugins: [guardOptionalPackages(Object.keys(peerDependencies))],
};

/** Writes the bundles. Returns their descriptions. */
async function write({ output, ...input }) {
  const build = await rolldown({
    ...input,
    platform: "node",
    external: (id) => installed.has(packageOf(id)),
    onLog: (level, log) => {
      if (level === "warn") throw new Error(log.message);
    },
  });
  try {
    const written = await build.write({
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js",
      codeSplitting: { groups },
      comments: { annotation: true, jsdoc: false, legal: false },
      keepNames: true,
      minifyInternalExports: false,
      ...output,
    });
    return written.output;
  } finally {
    await build.close();
  }
}

/** The package that an import names: "@scope/name", or "name". */
const packageOf = (id) => /^(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
