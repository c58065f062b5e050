import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { layOut } from "./lay-out.mjs";

const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");

/**
 * Generates the contents of each chart file, by its path in the project.
 * `charts`: the exports of the modules of src/charts, built or not.
 */
export async function chartFiles(charts) {
  const { machines, modelOf, mermaidOf, statelyOf, drawChart } = charts;
  const files = new Map();
  const layouts = {};
  for (const [name, machine] of Object.entries(machines)) {
    const model = modelOf(machine);
    layouts[name] = await layOut(model, charts);
    const file = `visualizations/charts/${name}`;
    files.set(`${file}.svg`, drawChart(layouts[name]));
    files.set(`${file}.mmd`, mermaidOf(model));
    files.set(`${file}.json`, formatted(`${file}.json`, JSON.stringify(statelyOf(model))));
  }
  files.set("src/charts/layouts.ts", formatted("src/charts/layouts.ts", moduleOf(layouts)));
  return files;
}

/** Returns the paths of the files in `folder` that are missing or out of date. */
export function staleFiles(files, folder) {
  const read = (path) => {
    try {
      return readFileSync(join(folder, path), "utf8");
    } catch {
      return null;
    }
  };
  return [...files].filter(([path, text]) => read(path) !== text).map(([path]) => path);
}

const moduleOf = (layouts) => `import type { ChartLayout, ChartName } from "./layout.js";

/** Written by \`npm run charts\`, from the machines themselves. */
export const layouts: Readonly<Record<ChartName, ChartLayout>> = ${JSON.stringify(layouts)};
`;

/** Formats the text with Biome, which also checks these files. */
function formatted(path, text) {
  const args = [biome, "format", `--stdin-file-path=${path}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(`${path} cannot be formatted: ${stderr}`);
  return stdout;
}
