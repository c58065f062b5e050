/**
 * Measures the page with many locks: the frames a second of a browser that shows it, against an empty page; the processor time
 * of its server; and what it costs the locks' process. The locks publish over three servers, `holdfast ui` shows them, and a
 * real browser shows its page. Run it after a build: npm run bench:page
 * Progress goes to stderr, the table to stdout.
 */
import "./production.mjs";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { startChild } from "./child.mjs";
import { startBrowser } from "./page/browser.mjs";
import { startUi } from "./page/ui.mjs";
import { environment } from "./report/environment.mjs";
import { pageReport } from "./report/page.mjs";
import { startServers } from "./servers.mjs";

const options = new Command("bench:page")
  .description("measures the page with many locks, in a real browser")
  .option("--quick", "few short rounds: noisy")
  .parse()
  .opts();

const locks = 5_000;
const stepsPerSecond = 500;
const { rounds, duration } = options.quick ? { rounds: 2, duration: 3_000 } : { rounds: 7, duration: 10_000 };
/** Time in ms after which a page that was opened has drawn all it knows. */
const settling = 3_000;

const started = performance.now();
const progress = (what) =>
  console.error(`${String(Math.round((performance.now() - started) / 1_000)).padStart(4)} s  ${what}`);

const { ports, stop } = await startServers(3);
const start = (publish) => startChild("paced", { ports, locks, stepsPerSecond, publish });
const browser = await startBrowser();

/** One process at a time, so that they do not disturb each other. */
async function measureAlone(publish, duration) {
  const child = await start(publish);
  await sleep(settling);
  const result = await child.go({ duration });
  return result;
}

const results = { unwatched: [], watched: [], empty: [], page: [], server: [] };
for (let round = 1; round <= rounds; round += 1) {
  progress(`round ${round} of ${rounds}: an empty page, and locks that nobody watches`);
  const empty = await browser.open("about:blank");
  results.empty.push(await empty.framesPerSecond(duration));
  await empty.close();
  results.unwatched.push(await measureAlone(false, duration));

  progress(`round ${round} of ${rounds}: the page`);
  const child = await start(true);
  const ui = await startUi(ports);
  const page = await browser.open(ui.url);
  await page.shows(locks);
  await sleep(settling);
  const before = ui.cpuTime();
  const [frames, watched] = await Promise.all([page.framesPerSecond(duration), child.ask({ duration })]);
  results.server.push(((ui.cpuTime() - before) * 1_000) / duration);
  results.page.push(frames);
  results.watched.push(watched);
  await page.close();
  ui.stop();
  child.stop();
}
await browser.close();
stop();

const run = await environment({
  seconds: Math.round((performance.now() - started) / 1_000),
  quick: options.quick ?? false,
});
console.log(pageReport({ environment: run, locks, stepsPerSecond, rounds, duration, results }));
process.exit();
