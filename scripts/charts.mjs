/**
 * Generates the charts from the built machines: as pictures, as Mermaid diagrams, as JSON, and as the layouts that
 * `holdfast chart` and the inspector draw. `--check` writes nothing, and fails when a committed chart is out of date.
 */
import { writeFileSync } from "node:fs";
import * as draw from "../build/esm/charts/draw.js";
import * as drawOverview from "../build/esm/charts/draw-overview.js";
import * as machines from "../build/esm/charts/machines.js";
import * as mermaid from "../build/esm/charts/mermaid.js";
import * as metrics from "../build/esm/charts/metrics.js";
import * as model from "../build/esm/charts/model.js";
import * as moved from "../build/esm/charts/moved.js";
import * as overview from "../build/esm/charts/overview.js";
import * as stately from "../build/esm/charts/stately.js";
import { chartFiles } from "./charts/files.mjs";
import { staleFiles } from "./generated/files.mjs";

const files = await chartFiles({
  ...machines,
  ...model,
  ...metrics,
  ...draw,
  ...mermaid,
  ...stately,
  ...drawOverview,
  ...overview,
  ...moved,
});

if (process.argv.includes("--check")) {
  for (const path of staleFiles(files, ".")) {
    console.error(`${path} is out of date: npm run charts`);
    process.exitCode = 1;
  }
} else {
  for (const [path, text] of files) writeFileSync(path, text);
}
