/** The table of switches: which checker detects each one, and after how many seeds. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { markdownTable } from "markdown-table";

const page = join(resolve(import.meta.dirname, ".."), "docs/safety.md");
const [open, close] = ["<!-- switches -->", "<!-- /switches -->"];

const tableOf = (rows) =>
  markdownTable([
    ["rule", "what is switched off", "found by", "seeds to find it"],
    ...rows.map(({ rule, off, found }) => [
      rule,
      off,
      found?.checker ?? "–",
      found ? String(found.seeds) : "missed",
    ]),
  ]);

export function printTable(rows) {
  console.log(`\n${tableOf(rows)}`);
}

export function writeTable(rows) {
  const text = readFileSync(page, "utf8");
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start)
    throw new Error(`${page}: no markers for the table: ${open} and ${close} are needed`);
  writeFileSync(page, `${text.slice(0, start + open.length)}\n\n${tableOf(rows)}\n\n${text.slice(end)}`);
}
