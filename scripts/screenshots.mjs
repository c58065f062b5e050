/**
 * Takes the README's screenshots of the inspector in both themes: of the built page in a real browser, while locks on five
 * in-memory nodes go through an outage. Runs for a minute, so that the timeline shows a minute.
 * `--all DIR` also writes screenshots of every view, in both themes and three widths, to that folder.
 */
import { setMaxListeners } from "node:events";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { runnerImport } from "vite";
import { createLocks, memoryNode } from "../dist/esm/index.js";
import { serveInspector } from "../dist/esm/inspector.js";

const folder = "visualizations/screenshots";
const maxBytes = 200_000;
const shownLock = "reports:nightly";

const nodes = Array.from({ length: 5 }, (_, index) => memoryNode(`node-${index + 1}`));
const end = new AbortController();
// Every worker adds a listener.
setMaxListeners(0, end.signal);
const between = (least, most) => least + Math.random() * (most - least);
const rest = (least, most, ...signals) =>
  sleep(between(least, most), undefined, { signal: AbortSignal.any([end.signal, ...signals]) }).catch(
    () => {},
  );

const locksOf = (owner, options = {}) => createLocks({ nodes, owner, ttl: 6_000, wait: 60_000, ...options });
const all = ["ann", "ben", "cleo", "night-shift"].map((owner) => locksOf(owner));
const [ann, ben, cleo, night] = all;

/** Acquires the lock repeatedly, holds it, and pauses. `keeping` and `resting`: minimum and maximum duration in ms. */
function work(locks, resource, keeping, resting, options = {}) {
  const handle = locks.handle(resource, options);
  return keep(() => handle.acquire({ signal: end.signal }), keeping, resting);
}

async function keep(acquire, keeping, resting) {
  while (!end.signal.aborted) {
    const lease = await acquire().catch(() => null);
    if (lease !== null) {
      await rest(...keeping, lease.signal);
      await lease.release().catch(() => {});
    }
    await rest(...resting);
  }
}

const working = [
  ...[ann, ben, cleo].map((locks) => work(locks, "payouts:42", [900, 2_500], [100, 600], { fence: true })),
  ...Array.from({ length: 14 }, (_, index) => {
    const locks = [ann, ben, cleo][index % 3];
    return work(locks, `orders:${1_040 + index * 7}`, [1_500, 9_000], [300, 4_000], { fence: true });
  }),
  ...["invoices:eu", "invoices:us"].map((name) => work(cleo, name, [3_000, 7_000], [500, 2_000])),
  work(ann, ["stock:7", "stock:9"], [2_000, 5_000], [500, 1_500]),
  work(night, shownLock, [1e6, 1e6], [1_000, 1_500], { ttl: 5_000, fence: true }),
];

/** A semaphore, shared locks and an election, for the screenshots of every view. */
function workOfOtherKinds() {
  for (const locks of all) {
    const imports = locks.semaphore("imports", { permits: 3 });
    working.push(keep(() => imports.acquire({ signal: end.signal }), [2_000, 6_000], [300, 900]));
    const read = () => locks.acquire("catalogue", { mode: "shared", signal: end.signal });
    working.push(keep(read, [1_000, 4_000], [300, 900]));
    locks.election("scheduler", { onElected: (term) => rest(8_000, 12_000, term.signal) });
  }
  working.push(work(night, "catalogue", [1_000, 2_000], [4_000, 6_000]));
}

/** Injects faults: one node loses its memory; then a majority hangs for longer than a TTL. */
async function injectFaults() {
  await rest(12_000, 12_000);
  nodes[4].crash();
  await rest(2_000, 2_000);
  nodes[4].restart();
  await rest(14_000, 14_000);
  for (const node of nodes.slice(0, 3)) node.hang();
  await rest(9_000, 9_000);
  for (const node of nodes.slice(0, 3)) node.wake();
  await rest(14_500, 14_500);
  nodes[3].crash();
}

const { module } = await runnerImport("./test/support/chromium.ts");
const { command, env } = await module.findChromium();
const inspector = await serveInspector(all, { port: 0, title: "payroll" });
const browser = await chromium.launch({
  executablePath: command,
  env: { ...process.env, ...env },
  args: ["--no-sandbox", "--disable-gpu"],
});

/** Returns the page address of the shown lock. Filters the list first, because the row may be out of view. */
async function find() {
  const page = await browser.newPage();
  await page.goto(inspector.url);
  await page.locator("#filter").fill(shownLock);
  await page.getByRole("link", { name: shownLock }).click();
  await page.getByRole("link", { name: "its life" }).click();
  await page.waitForSelector("[data-lock]");
  // Without the filter.
  const address = page.url().replace(/\?.*/, "");
  await page.close();
  return address;
}

async function open(address, colorScheme, viewport) {
  const context = await browser.newContext({ colorScheme, viewport });
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForSelector("[data-chart=lock] .lit");
  return page;
}

async function take(page, path) {
  // A page in the background is not rendered, and the chart shows one step after the other.
  await page.bringToFront();
  await rest(3_000, 3_000);
  await page.screenshot({ path });
  const { size } = await stat(path);
  console.log(`${path}: ${(size / 1_000).toFixed(0)} kB`);
  return size;
}

try {
  await takeAll();
} finally {
  end.abort();
  await Promise.all(working);
  await browser.close();
  await inspector.close();
  await Promise.all(all.map((locks) => locks.close({ timeout: 500 })));
}

async function takeAll() {
  const at = process.argv.indexOf("--all");
  if (at >= 0) workOfOtherKinds();
  await rest(1_000, 1_000);
  const address = await find();
  const themes = ["light", "dark"];
  const pages = await Promise.all(
    themes.map((theme) => open(address, theme, { width: 1_520, height: 1_000 })),
  );
  await injectFaults();
  await mkdir(folder, { recursive: true });
  for (const [index, theme] of themes.entries()) {
    const size = await take(pages[index], join(folder, `${theme}.png`));
    if (size > maxBytes) {
      console.error(`${theme}.png is larger than ${maxBytes / 1_000} kB`);
      process.exitCode = 1;
    }
  }
  if (at < 0) return;
  const others = process.argv[at + 1];
  await mkdir(others, { recursive: true });
  const views = await viewsOf(address);
  for (const theme of themes) {
    for (const width of [1_440, 1_280, 375]) {
      const page = await open(address, theme, { width, height: width === 375 ? 760 : 800 });
      for (const [name, hash] of Object.entries(views)) {
        await page.goto(inspector.url + hash);
        await take(page, join(others, `${name}-${theme}-${width}.png`));
      }
      await page.keyboard.press("?");
      await take(page, join(others, `keys-${theme}-${width}.png`));
      await page.context().close();
    }
  }
}

/** Returns the addresses of all views, by name. `lock`: the address of a lock's life. */
async function viewsOf(lock) {
  const page = await browser.newPage();
  const linkOn = async (view, selector) => {
    await page.goto(inspector.url + view);
    return page.locator(selector).first().getAttribute("href");
  };
  const views = {
    list: "#/",
    resource: "#/resource/payouts%3A42",
    semaphore: "#/resource/imports?kind=semaphore",
    shared: "#/resource/catalogue",
    election: "#/resource/scheduler",
    lock: new URL(lock).hash,
    nodes: "#/nodes",
    node: await linkOn("#/nodes", 'a[href^="#/nodes/"]'),
    process: await linkOn("#/nodes", 'a[href^="#/process/"]'),
    incidents: "#/incidents",
    incident: await linkOn("#/incidents", 'a[href^="#/incident/"]'),
  };
  await page.close();
  return views;
}
