/**
 * The bundlers. `build` bundles the entry of the project into its folder `out`, and resolves with the file to run there.
 * Each runs in a process of its own, as from its command line, with everything but Node.js's own modules in the bundle.
 */
const both = ["ES modules", "CommonJS"];

/** Bundled CommonJS packages call `require` for the modules of Node.js. */
const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

const esbuild = (what, options, sources = both) => ({
  name: "esbuild",
  label: "esbuild",
  what,
  packages: ["esbuild"],
  sources,
  async build(project, entry) {
    const outfile = options.format === "esm" ? "out/app.mjs" : "out/app.cjs";
    const all = { entryPoints: [entry], bundle: true, platform: "node", outfile, ...options };
    await project.write("build.mjs", `import { build } from "esbuild"; await build(${JSON.stringify(all)});`);
    await project.node("build.mjs");
    return outfile.slice(4);
  },
});

const webpack = {
  name: "webpack",
  label: "webpack",
  what: "production mode",
  packages: ["webpack"],
  sources: both,
  async build(project, entry) {
    await project.write(
      "build.cjs",
      `require("webpack")({
        mode: "production", target: "node", entry: "./${entry}", context: __dirname,
        output: { path: __dirname + "/out", filename: "app.cjs" },
      }, (error, stats) => {
        if (error || stats.hasErrors()) { console.error(error ?? stats.toString({ all: false, errors: true })); process.exit(1); }
      });`,
    );
    await project.node("build.cjs");
    return "app.cjs";
  },
};

const rollup = {
  name: "rollup",
  label: "Rollup",
  what: "with its plugins for packages, CommonJS and JSON",
  packages: ["rollup", "@rollup/plugin-node-resolve", "@rollup/plugin-commonjs", "@rollup/plugin-json"],
  sources: ["ES modules"],
  async build(project, entry) {
    await project.write(
      "rollup.mjs",
      `import { rollup } from "rollup";
      import { nodeResolve } from "@rollup/plugin-node-resolve";
      import commonjs from "@rollup/plugin-commonjs";
      import json from "@rollup/plugin-json";
      const bundle = await rollup({
        input: "${entry}", plugins: [nodeResolve({ preferBuiltins: true, exportConditions: ["node"] }), commonjs(), json()], onwarn() {},
      });
      await bundle.write({ dir: "out", format: "es", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" });`,
    );
    await project.node("rollup.mjs");
    return "main.mjs";
  },
};

const vite = {
  name: "vite",
  label: "Vite",
  what: "server-side rendering, nothing external",
  packages: ["vite"],
  sources: ["ES modules"],
  async build(project, entry) {
    await project.write(
      "vite.mjs",
      `import { build } from "vite";
      await build({
        configFile: false, logLevel: "error", ssr: { noExternal: true, target: "node" },
        build: { ssr: "${entry}", outDir: "out", rollupOptions: { output: { entryFileNames: "app.mjs", chunkFileNames: "[name]-[hash].mjs" } } },
      });`,
    );
    await project.node("vite.mjs");
    return "app.mjs";
  },
};

const ncc = {
  name: "@vercel/ncc",
  label: "ncc",
  what: "minified",
  packages: ["@vercel/ncc"],
  sources: both,
  async build(project, entry) {
    await project.node("node_modules/@vercel/ncc/dist/ncc/cli.js", "build", entry, "-o", "out", "-m", "-q");
    return entry.endsWith(".mjs") ? "index.mjs" : "index.cjs";
  },
};

export const tools = [
  esbuild("ES module", { format: "esm", banner: { js: banner } }),
  esbuild("CommonJS", { format: "cjs" }),
  esbuild("minified CommonJS", { format: "cjs", minify: true }),
  webpack,
  rollup,
  vite,
  ncc,
];
