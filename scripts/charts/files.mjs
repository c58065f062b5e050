import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { layOut } from "./lay-out.mjs";

const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");

/**
 * Each file that shows the machines, by its path in the project, and what it should say.
 * `charts`: what the modules of src/charts have, built or not.
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

/** The paths of those that do not say in this folder what they should. */
export function staleFiles(files, folder) {
  const says = (path) => {
    try {
      return readFileSync(join(folder, path), "utf8");
    } catch {
      return null;
    }
  };
  return [...files].filter(([path, text]) => says(path) !== text).map(([path]) => path);
}

const moduleOf = (layouts) => `import type { ChartLayout, ChartName } from "./layout.js";

/** Written by \`npm run charts\`, from the machines themselves. */
export const layouts: Readonly<Record<ChartName, ChartLayout>> = ${JSON.stringify(layouts)};
`;

/** As the linter wants it, which looks at these files as well. */
function formatted(path, text) {
  const args = [biome, "format", `--stdin-file-path=${path}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(`${path} cannot be formatted: ${stderr}`);
  return stdout;
}
