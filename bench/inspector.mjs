/**
 * Measures what observing costs: the same work in a build without the inspector, without an observer, and with one. Run it
 * after a build: npm run bench:inspector
 * Progress goes to stderr, the table to stdout.
 */
import "./production.mjs";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { startChild } from "./child.mjs";
import { variants } from "./inspector/variants.mjs";
import { buildWithoutInspector } from "./inspector/without.mjs";
import { stopAtExit } from "./leftovers.mjs";
import { environment } from "./report/environment.mjs";
import { inspectorReport } from "./report/inspector.mjs";
import { writeInspectorReport } from "./report/write.mjs";
import { startServers } from "./servers.mjs";
import { inTurns } from "./turns.mjs";

const options = new Command("bench:inspector")
  .description("measures what observing costs")
  .option("--quick", "few short rounds: noisy")
  .option("--browser", "also a real browser that shows the page")
  .option("--write", "write docs/benchmarks.md")
  .parse()
  .opts();

const callers = 100;
const { rounds, duration, warmUp } = options.quick
  ? { rounds: 3, duration: 1_000, warmUp: 1_000 }
  : { rounds: 7, duration: 3_000, warmUp: 3_000 };
const names = Object.keys(variants).filter((name) => name !== "browser" || options.browser);
/** Pause in ms, so that the previous measurement can finish its work. */
const pause = 300;

const started = performance.now();
const elapsed = () => Math.round((performance.now() - started) / 1_000);

async function compare(ports, without) {
  const start = (name) => {
    const { build, serves = false, options: given = {} } = variants[name];
    const entry = build === "without" ? without : import.meta.resolve("holdfast");
    return startChild("watched", { entry, ports, callers, warmUp, serves, options: given });
  };
  const children = {};
  // Started one after the other, so that each child warms up alone.
  for (const name of names) children[name] = await start(name);
  const results = await inTurns(names, rounds, async (name, round) => {
    const child = children[name];
    const { observer: way } = variants[name];
    const observer = way && (await startChild("observer", { way, ports, ...(await child.ask()) }));
    const before = await observer?.ask();
    await sleep(pause);
    const result = await child.ask({ duration });
    if (observer && (await observer.go({ close: true })) <= before)
      throw new Error(`${name}: the observer received nothing`);
    console.error(
      `${String(elapsed()).padStart(4)} s  ${ports.length} nodes, round ${round + 1}: ${name} ${Math.round(result.throughput)}`,
    );
    return result;
  });
  for (const child of Object.values(children)) child.stop();
  return results;
}

const { entry, remove } = await buildWithoutInspector();
stopAtExit(remove);
const cells = [];
for (const nodes of [1, 3]) {
  const { ports, stop } = await startServers(nodes);
  cells.push({ nodes, results: await compare(ports, entry) });
  stop();
}
const run = await environment({ seconds: elapsed(), quick: options.quick ?? false });
const report = inspectorReport({ environment: run, callers, rounds, duration, cells });
console.log(report);
if (options.write) writeInspectorReport(report);
process.exit();
