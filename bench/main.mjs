/**
 * Measures Holdfast against its peers, in turns on the same servers. Run it after a build: npm run bench
 * Progress goes to stderr, tables to stdout.
 */
import "./production.mjs";
import { readFileSync, writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { chooseBefore } from "./before.mjs";
import { environment } from "./report/environment.mjs";
import { reportOf } from "./report/report.mjs";
import { writeReport } from "./report/write.mjs";
import { scenarios } from "./scenarios.mjs";

const known = Object.keys(scenarios);

function letters(text) {
  const chosen = text.split(",").map((letter) => letter.trim());
  const wrong = chosen.find((letter) => !known.includes(letter));
  if (wrong !== undefined) throw new InvalidArgumentError(`choose from ${known.join(",")}`);
  return chosen;
}

const options = new Command("bench")
  .description("measures Holdfast against its peers")
  .option(
    "--only <scenarios>",
    `some of ${known.map((id) => `${id}: ${scenarios[id].title}`).join("; ")}`,
    letters,
  )
  .option("--quick", "fewer rounds and cells: under six minutes, but noisy")
  .option(
    "--before <folder>",
    "measure another build of Holdfast too, in a, b and g; the folder has package.json and dist",
  )
  .option("--json <file>", "write the raw results")
  .option("--from <file>", "measure nothing; report the raw results of an earlier run")
  .option("--write", "write docs/benchmarks.md, its plot, and the first paragraph of docs/performance.md")
  .parse()
  .opts();

/** Scenarios that failed, by their letters. */
const failed = [];

function chooseOrExit(folder) {
  try {
    return chooseBefore(folder);
  } catch (error) {
    console.error(`--before: ${error.message}`);
    process.exit(1);
  }
}

async function measure() {
  const before = options.before && chooseOrExit(options.before);
  const started = performance.now();
  const elapsed = () => Math.round((performance.now() - started) / 1_000);
  const results = {};
  for (const id of options.only ?? known) {
    const { run, plans } = scenarios[id];
    const progress = (what) => console.error(`${String(elapsed()).padStart(4)} s  ${id}  ${what}`);
    try {
      results[id] = await run(options.quick ? plans.quick : plans.full, progress);
    } catch (error) {
      // The other scenarios take many minutes, and do not depend on this one.
      failed.push(id);
      progress(`failed: ${error.stack}`);
    }
  }
  const run = { seconds: elapsed(), quick: options.quick ?? false, before };
  return { environment: await environment(run), results };
}

const raw = options.from ? JSON.parse(readFileSync(options.from, "utf8")) : await measure();
if (options.json) writeFileSync(options.json, `${JSON.stringify(raw, null, 1)}\n`);
console.log(reportOf(raw));
if (failed.length > 0) console.error(`failed: ${failed.join(", ")}; no page is written`);
else if (options.write) writeReport(raw);
process.exit(failed.length > 0 ? 1 : 0);
