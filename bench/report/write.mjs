/** Writes the reports into the pages, and the plot next to them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../packages.mjs";
import { bareName, lockNames } from "../systems.mjs";
import { gainsReport } from "./gains.mjs";
import { plotOf } from "./plot.mjs";
import { reportOf } from "./report.mjs";
import { withSection } from "./section.mjs";

const docs = join(root, "docs");
const benchmarks = join(docs, "benchmarks.md");
const performance = join(docs, "performance.md");
const picture = "benchmarks.svg";
const title = "Acquire + release, pairs per second at 100 callers (ioredis)";

const rewrite = (file, name, text) =>
  writeFileSync(file, withSection(readFileSync(file, "utf8"), name, text));

export const writeInspectorReport = (report) => rewrite(benchmarks, "inspector", report);

export function writeReport(raw) {
  const cells = raw.results.a?.cells.filter(({ client, callers }) => client === "ioredis" && callers === 100);
  const drawn = cells ? `![${title}](${picture})\n\n` : "";
  if (cells) writeFileSync(join(docs, picture), plotOf(cells, [...lockNames, bareName], title));
  rewrite(benchmarks, "bench", `${drawn}${reportOf(raw)}`);
  const gains = gainsReport(raw);
  if (gains === null)
    console.error(`${performance} stays as it is: its figures need a full run of a, b and c`);
  else rewrite(performance, "gains", gains);
}
