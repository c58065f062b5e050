/** Writes the reports into docs/performance.md, and the plot next to it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../packages.mjs";
import { bareName, lockNames } from "../systems.mjs";
import { plotOf } from "./plot.mjs";
import { reportOf } from "./report.mjs";

const page = join(root, "docs/performance.md");
const picture = join(root, "docs/performance.svg");
const title = "Acquire + release, pairs per second at 100 callers (ioredis)";

/** Replaces the text between the named markers in docs/performance.md. Throws an error if there are none. */
export function writeSection(name, text) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const before = existsSync(page) ? readFileSync(page, "utf8") : `# Performance\n\n${begin}\n${end}\n`;
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${page} has no ${begin} and ${end}`);
  writeFileSync(page, `${before.slice(0, from)}${begin}\n\n${text}\n\n${before.slice(to)}`);
}

export function writeReport(raw) {
  const cells = raw.results.a?.cells.filter(({ client, callers }) => client === "ioredis" && callers === 100);
  const drawn = cells ? `![${title}](performance.svg)\n\n` : "";
  if (cells) writeFileSync(picture, plotOf(cells, [...lockNames, bareName], title));
  writeSection("bench", `${drawn}${reportOf(raw)}`);
}
