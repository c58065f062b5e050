import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectNoTrouble, useBrowser, visit } from "../inspector/browser/support/browser.js";
import { serveFolder } from "../support/static-server.js";

const folder = mkdtempSync(join(tmpdir(), "holdfast-playground-"));
useBrowser();
beforeAll(async () => {
  const configFile = "visualizations/playground/vite.config.ts";
  await build({ configFile, logLevel: "warn", build: { outDir: folder } });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = ["north", "east", "south", "west", "centre"];

/** ms; a lease lasts 3 s. */
const timeout = 30_000;

const place = (page: Page, name: string) => page.locator(`[data-place=${name}]`);
const press = (page: Page, name: string, button: string) =>
  place(page, name).getByRole("button", { name: button }).click();
const alert = (page: Page, text: string) => page.getByRole("alert").filter({ hasText: text });
const noted = (page: Page, text: string) =>
  page.getByRole("log").getByText(text).first().waitFor({ timeout });

test("the playground has at most 400 kB, compressed", () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const sizes = files.map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name))).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(400_000);
});

test("a lock is on the chart at once, is lost with three of five nodes, and comes back with them", async () => {
  const visited = await visit(await serveFolder(folder));
  const { page } = visited;
  await page.waitForSelector("[data-chart=lock][data-lit=held]", { timeout });
  if (process.env.HOLDFAST_FIGURES)
    console.log(`first lock on a chart: ${Math.round(await page.evaluate(() => performance.now()))} ms`);
  await noted(page, "worker-1 holds ledger");
  await noted(page, "worker-2 holds orders:42");
  await noted(page, "worker-3 holds orders:42");
  for (const name of ["north", "east", "south"]) await press(page, name, "Kill");
  await noted(page, "worker-1 lost ledger (deadline)");
  // The inspector's page says so too.
  await alert(page, "No quorum: north, east and south down").waitFor({ timeout });
  await page.getByRole("button", { name: "Heal all" }).click();
  await alert(page, "No quorum").waitFor({ state: "detached", timeout });
  await page.waitForSelector("[data-chart=lock][data-lit=held]", { timeout });
  expectNoTrouble(visited);
});

test("hung nodes lose the lock, and so do nodes that one worker does not reach; flushed nodes abstain", async () => {
  const visited = await visit(await serveFolder(folder));
  const { page } = visited;
  await noted(page, "worker-1 holds ledger");
  const conditions = () => Promise.all(names.map((name) => place(page, name).getAttribute("data-condition")));
  for (const name of ["north", "east", "south"]) await press(page, name, "Part");
  await noted(page, "worker-1 lost ledger (deadline)");
  expect(await conditions()).toEqual(["parted", "parted", "parted", "up", "up"]);
  // The others have a quorum.
  await alert(page, "worker-1 reaches no quorum: north, east and south down").waitFor({ timeout });
  await press(page, "north", "Join");
  await press(page, "west", "Hang");
  await press(page, "centre", "Hang");
  expect(await conditions()).toEqual(["up", "parted", "parted", "hung", "hung"]);
  await alert(page, "No quorum").waitFor({ timeout });
  await press(page, "west", "Wake");
  await page.getByRole("button", { name: "Heal all" }).click();
  expect(await conditions()).toEqual(Array(5).fill("up"));
  await page.waitForSelector("[data-chart=lock][data-lit=held]", { timeout });
  await press(page, "centre", "Flush");
  await page.goto(`${page.url().split("#")[0]}#/nodes`);
  await page.locator("[data-node-state=quarantined]").first().waitFor({ timeout });
  expectNoTrouble(visited);
});
