import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLocks, type Locks } from "../../../src/index.js";
import { type Inspector, serveInspector } from "../../../src/inspector.js";
import { sharedServers } from "../../support/shared-servers.js";
import { accessibilityFindings } from "./support/accessible.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";

useBrowser();

const prefix = `kinds-${process.pid}:`;
let inspector: Inspector;
let [one, two, three]: Locks[] = [];

beforeAll(async () => {
  const nodes = sharedServers()
    .slice(0, 3)
    .map(({ url }) => url);
  const all = ["api-1", "api-2", "api-3"].map((owner) =>
    createLocks({ nodes, prefix, owner, ttl: 60_000, wait: 600_000 }),
  );
  [one, two, three] = all;
  inspector = await serveInspector(all, { port: 0 });
});
afterAll(async () => {
  await inspector.close();
  await Promise.all([one, two, three].map((locks) => locks?.close({ timeout: 500 })));
});

/** The rows of a table, in words. */
const rowsOf = (page: Page, table: string) => async () =>
  (await page.getByRole("region", { name: table }).getByRole("row").allInnerTexts())
    .slice(1)
    .map((text) => text.replace(/\s+/g, " "));

const rowOf = (page: Page, name: string) =>
  page.getByRole("grid", { name: "Resources" }).getByRole("row").filter({ hasText: name });

async function openResource(page: Page, ...words: readonly string[]): Promise<void> {
  await page.goto(`${inspector.url}#/`);
  let row = rowOf(page, words[0] ?? "");
  for (const word of words.slice(1)) row = row.filter({ hasText: word });
  await row.getByRole("link").click();
}

test("a semaphore shows its permits in use, its holders and its line, apart from a lock of its name", async () => {
  const [imports, others, waiting] = [one, two, three].map((locks) =>
    locks!.semaphore("imports", { permits: 3 }),
  );
  await imports!.acquire({ weight: 2 });
  const lease = await others!.acquire();
  void waiting!.acquire({ weight: 2 }).catch(() => undefined);
  await three!.acquire("imports");
  const visited = await visit(`${inspector.url}#/`);
  const { page } = visited;
  await expect.poll(() => rowOf(page, "imports").count()).toBe(2);
  await openResource(page, "semaphore", "3 of 3 permits");
  await page.getByText("3 of 3 permits in use").waitFor();
  await expect
    .poll(rowsOf(page, "Holders: 2"))
    .toEqual([expect.stringMatching(/^api-1 \d+ 2 /), expect.stringMatching(/^api-2 \d+ 1 /)]);
  await expect
    .poll(rowsOf(page, "Waiting in line: 1"))
    .toEqual([expect.stringMatching(/^1 api-3 \d+ 2 permits /)]);
  expect(await accessibilityFindings(page)).toEqual([]);
  // The address leads to the semaphore, and not to the lock.
  await page.reload();
  await page.getByText("3 of 3 permits in use").waitFor();
  await lease.release();
  await page.getByText("2 of 3 permits in use").waitFor();
  await page.getByText(/^2 permits held by api-1 \d+ for /).waitFor();
  await page.goto(`${inspector.url}#/`);
  await rowOf(page, "imports").filter({ hasNotText: "semaphore" }).getByRole("link").click();
  await page.getByText(/^held by api-3 \d+ for /).waitFor();
  await page.getByRole("heading", { name: "Nobody waits" }).waitFor();
  expectNoTrouble(visited);
});

test("a shared lock shows its readers or its writer, its line, and who waits to become the writer", async () => {
  const lease = await one!.acquire("catalogue", { mode: "shared" });
  const other = await two!.acquire("catalogue", { mode: "shared" });
  void three!.acquire("catalogue").catch(() => undefined);
  const visited = await visit(`${inspector.url}#/`);
  const { page } = visited;
  await openResource(page, "catalogue", "shared lock");
  await page.getByText("2 readers share it").waitFor();
  await expect
    .poll(rowsOf(page, "Holders: 2"))
    .toEqual([expect.stringMatching(/^api-1 \d+ reads /), expect.stringMatching(/^api-2 \d+ reads /)]);
  await expect
    .poll(rowsOf(page, "Waiting in line: 1"))
    .toEqual([expect.stringMatching(/^1 api-3 \d+ to write /)]);
  const upgraded = lease.upgrade();
  await page
    .getByText(
      /^api-1 \d+ waits to become the writer, before everybody in line: 1 other reader has to leave first$/,
    )
    .waitFor();
  await page.getByRole("button", { name: "Full chart" }).click();
  await page.getByRole("group", { name: "The lock's chart; it is upgrading.waiting" }).waitFor();
  expect(await accessibilityFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Overview" }).click();
  await other.release();
  await upgraded;
  await page.getByText(/^written by api-1 \d+ for /).waitFor();
  await expect.poll(rowsOf(page, "Waiting in line: 1")).toHaveLength(1);
  expectNoTrouble(visited);
});

test("an election shows its leader, the leader's term, and the candidates in line", async () => {
  const first = one!.election("scheduler");
  await new Promise<void>((resolve) => first.once("elected", () => resolve()));
  const second = two!.election("scheduler");
  await new Promise<void>((resolve) => two!.once("retrying", () => resolve()));
  three!.election("scheduler");
  const visited = await visit(`${inspector.url}#/`);
  const { page } = visited;
  await openResource(page, "scheduler", "election");
  await page.getByText(/^led by api-1 \d+ for /).waitFor();
  await expect
    .poll(rowsOf(page, "Candidates in line: 2"))
    .toEqual([expect.stringMatching(/^1 api-2 /), expect.stringMatching(/^2 api-3 /)]);
  const facts = async () => (await page.locator("main").allInnerTexts()).join(" ").replace(/\s+/g, " ");
  await expect.poll(facts).toContain("term of this candidate 1 ");
  await first.resign();
  await page.getByText(/^led by api-2 \d+ for /).waitFor();
  await expect
    .poll(rowsOf(page, "Candidates in line: 2"))
    .toEqual([expect.stringMatching(/^1 api-3 /), expect.stringMatching(/^2 api-1 /)]);
  await second.close();
  await page.getByText(/^led by api-3 \d+ for /).waitFor();
  await expect.poll(rowsOf(page, "Candidates in line: 1")).toEqual([expect.stringMatching(/^1 api-1 /)]);
  expectNoTrouble(visited);
});
