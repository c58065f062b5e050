import type { Locator } from "playwright-core";
import { afterEach, expect, onTestFinished, test } from "vitest";
import type { Frame, LockView, NodeView } from "../../../src/inspector/feed/frames.js";
import { beat, lockView } from "../sample-frames.js";
import { closeAll, type Served, serve } from "../server/served.js";
import { accessibilityFindings } from "./support/accessible.js";
import { expectNoTrouble, useBrowser, type Visit, visit } from "./support/browser.js";

useBrowser();
afterEach(closeAll);

const nodeView = (name: string, changes: Partial<NodeView> = {}): NodeView => ({
  name,
  state: "ready",
  cause: null,
  until: null,
  p50: 0.4,
  p99: 1.9,
  step: null,
  ...changes,
});

/** Two processes on three nodes: api-1 holds payouts:42, api-2 and another lock of api-1 wait for it, orders:7 was lost. */
async function withTrouble(
  changes: { readonly payouts?: Partial<LockView>; readonly name?: string } = {},
): Promise<Served & { readonly now: number }> {
  const served = await serve();
  const now = Date.now();
  const name = changes.name ?? "payouts:42";
  const nodes = [nodeView("7711"), nodeView("7712", { p50: null, p99: null })];
  const down = { time: now - 60_000, event: "DISCONNECTED", from: "ready", to: "down" };
  const gone = nodeView("7713", {
    state: "down",
    cause: "connect ECONNREFUSED",
    p50: null,
    p99: null,
    step: down,
  });
  const of = (source: string, ...locks: LockView[]): Frame => ({
    ...{ kind: "locks", source, seq: 1, time: now },
    locks: locks.map((lock) => ({ ...lock, source })),
  });
  const since = now - 3_600_000;
  const sendBeats = () => {
    const time = Date.now();
    served.hub.receive(beat("one", { time, owner: "api-1", pid: 11, nodes: [...nodes, gone], since }));
    served.hub.receive(
      beat("two", { time, owner: "api-2", pid: 22, nodes: [...nodes, nodeView("7713")], since }),
    );
  };
  sendBeats();
  const beats = setInterval(sendBeats, 1_000);
  onTestFinished(() => clearInterval(beats));
  const round = { asked: "acquire" as const, time: now - 300, votes: [] };
  const waits = {
    state: "acquiring.waiting",
    granted: null,
    validUntil: null,
    round,
    reason: "contended",
    attempts: 48,
  };
  const until = now + 600_000;
  served.hub.receive(
    of(
      "one",
      lockView("1", {
        resources: [name],
        since: now - 1_000,
        granted: now - 192_000,
        validUntil: until,
        ttl: 600_000,
        renewals: 41,
        fence: 77,
        ...changes.payouts,
      }),
      lockView("2", { ...waits, resources: [name], began: now - 10_000 }),
      lockView("3", { resources: ["reports"], granted: now - 7_200_000, validUntil: until }),
    ),
  );
  served.hub.receive(of("two", lockView("4", { ...waits, resources: [name], began: now - 19_000 })));
  const lost = lockView("5", {
    resources: ["orders:7"],
    source: "two",
    state: "expired",
    validUntil: null,
    reason: "deadline",
  });
  served.hub.receive({
    ...{ kind: "steps", source: "two", seq: 2, time: now },
    steps: [{ time: now, event: "EXPIRED", from: "held", to: "expired", lost, lock: lost } as never],
  });
  return { ...served, now };
}

const open = (page: Visit["page"], name: string) => page.getByRole("heading", { name, level: 1 }).waitFor();

test("a resource's page says who holds it, since when, and who comes next", async () => {
  const { server } = await withTrouble();
  const visited = await visit(`${server.url}#/resource/payouts%3A42`);
  const { page } = visited;
  await open(page, "payouts:42");
  const holder = page.getByText(/^held by api-1 11 for 3 min \d\d s, 41 renewals$/);
  await holder.waitFor();
  await page.getByText("77", { exact: true }).first().waitFor();
  await page.getByRole("heading", { name: "Waiting in line: 2" }).waitFor();
  const rows = page.getByRole("region", { name: "Waiting in line: 2" }).getByRole("row");
  const [, first, second] = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
  expect(first).toMatch(/^1 api-2 22 \d\d s \d\d:\d\d:\d\d .* ago, 48 times$/);
  expect(second).toMatch(/^2 api-1 11 \d\d s /);
  await page.getByRole("link", { name: /api-2/ }).first().click();
  await open(page, "api-2 process 22");
  expectNoTrouble(visited);
});

test("a free resource says so, and a name that forges markup stays text", async () => {
  const name = `<img src=x onerror="document.title='forged'">`;
  const { server } = await withTrouble({ name });
  const visited = await visit(`${server.url}#/resource/nobody`);
  const { page } = visited;
  await page.getByText("Nobody holds it, and nobody waits").waitFor();
  await page.goto(`${server.url}#/resource/${encodeURIComponent(name)}`);
  await open(page, name);
  expect(await page.locator(".main img").count()).toBe(0);
  expect(await page.title()).not.toBe("forged");
  expectNoTrouble(visited);
});

test("two leases of one resource that have not run out raise an alarm", async () => {
  const { hub, server, now } = await withTrouble();
  const other = lockView("9", {
    source: "two",
    resources: ["payouts:42"],
    granted: now,
    validUntil: now + 600_000,
  });
  hub.receive({ kind: "locks", source: "two", seq: 3, time: now, locks: [other] });
  const { page } = await visit(`${server.url}#/resource/payouts%3A42`);
  await page.getByRole("alert").getByText("Two leases at once.").waitFor();
  await page.goto(`${server.url}#/`);
  const row = page.getByRole("row").filter({ hasText: "payouts:42" });
  await row.getByText("held twice").waitFor();
});

test("a process that was killed holds nothing once its lease has run out, and its nodes are as last known", async () => {
  const { hub, server, now } = await withTrouble();
  const nodes = [nodeView("7711")];
  hub.receive(beat("dead", { time: now - 20_000, owner: "worker-9", pid: 9, nodes }));
  const lease = { source: "dead", resources: ["killed"], granted: now - 30_000, validUntil: now - 15_000 };
  hub.receive({ kind: "locks", source: "dead", seq: 1, time: now, locks: [lockView("d", lease)] });
  const visited = await visit(`${server.url}#/`);
  const { page } = visited;
  const row = page.getByRole("row").filter({ hasText: "killed" });
  await row.getByText("run out", { exact: true }).waitFor();
  expect(await row.getByText("held").count()).toBe(0);
  await row.getByRole("link").click();
  await page.getByText(/^held by worker-9 9silent from .* to .*: run out; its process is silent\./).waitFor();
  await page.getByText("Free: nobody holds it.").waitFor();
  await page.goto(`${server.url}#/nodes`);
  const cell = page
    .getByRole("row")
    .filter({ hasText: "worker-9" })
    .getByRole("link", { name: /^last known: up/ });
  await cell.getByText(/^silent since \d\d:\d\d:\d\d$/).waitFor();
  expectNoTrouble(visited);
});

test("the list has one row a resource, trouble first, and presets for what is hot and what is held longest", async () => {
  const { server } = await withTrouble();
  const visited = await visit(`${server.url}#/`);
  const { page } = visited;
  const first = async () => (await page.getByRole("row").nth(1).allInnerTexts())[0];
  await expect.poll(first).toMatch(/lost[\s\S]*orders:7/);
  expect(await page.getByRole("row").count()).toBe(4);
  await page.getByRole("button", { name: "Hot" }).click();
  await expect.poll(first).toMatch(/payouts:42\s+api-1 11\s+3 min \d\d s\s+2/);
  await page.getByRole("button", { name: "Longest held" }).click();
  await expect.poll(first).toMatch(/reports\s+api-1 11\s+2 h 00 min/);
  await page.getByRole("searchbox").fill("api-2");
  await expect.poll(() => page.getByRole("row").count()).toBe(3);
  await expect.poll(() => page.url()).toMatch(/#\/\?q=api-2&sort=longest$/);
  // The address can be sent to a colleague.
  const colleague = await visit(page.url());
  await expect.poll(() => colleague.page.getByRole("row").count()).toBe(3);
  expect(await colleague.page.getByRole("searchbox").inputValue()).toBe("api-2");
  await colleague.page.getByRole("button", { name: "Longest held", pressed: true }).waitFor();
  await colleague.page.getByRole("row").filter({ hasText: "payouts:42" }).getByRole("link").click();
  await open(colleague.page, "payouts:42");
  await expect.poll(() => colleague.page.url()).toMatch(/#\/resource\/payouts%3A42\?q=api-2&sort=longest$/);
  expectNoTrouble(visited);
});

test("nodes are a matrix whose heads sum up, and a cell opens the chart, the cause, since when and the last steps", async () => {
  const { server } = await withTrouble();
  const visited = await visit(server.url);
  const { page } = visited;
  await expect.poll(() => page.title()).toMatch(/^\(3\) /);
  await page
    .getByRole("link", {
      name: "Nodes: 2 in trouble (7712: ready, but not asked, 7713: down)",
    })
    .click();
  await open(page, "Nodes");
  const heads = await page.getByRole("columnheader").allInnerTexts();
  expect(heads.map((head) => head.replace(/\s+/g, " "))).toEqual([
    "Process",
    "7711 all use it",
    "7712 2 of 2 processes do not use it",
    "7713 1 of 2 processes does not use it",
  ]);
  const cell = page.getByRole("row").filter({ hasText: "api-1" }).getByRole("link", { name: /^down/ });
  await cell.click();
  await page.getByRole("heading", { name: "7713 as api-1 11 sees it" }).waitFor();
  await page.getByText("connect ECONNREFUSED").waitFor();
  await page.getByText(/^\d\d:\d\d:\d\d, 1 min \d\d s ago$/).waitFor();
  await page.getByRole("img", { name: "The node's chart; it is down" }).waitFor();
  const steps = page.getByRole("list", { name: "Last steps of the node" }).getByRole("listitem");
  expect(await steps.allInnerTexts()).toEqual([expect.stringMatching(/DISCONNECTED\s+ready → down/)]);
  expectNoTrouble(visited);
});

test("a process has a page with its locks, waits, losses and its clock", async () => {
  const { server } = await withTrouble();
  const visited = await visit(`${server.url}#/process/one`);
  const { page } = visited;
  await open(page, "api-1 process 11");
  await page.getByText(/(agrees with|behind|ahead of) this one$/).waitFor();
  const held = page.getByRole("region", { name: "Holds 2" });
  expect(await held.getByRole("link").allInnerTexts()).toEqual(["reports", "payouts:42"]);
  await page.getByRole("region", { name: "Waits for 1" }).getByText("contended").waitFor();
  await page.goto(`${server.url}#/process/two`);
  await open(page, "api-2 process 22");
  await page.goto(`${server.url}#/process/nobody`);
  await page.getByText("This process is not there").waitFor();
  expectNoTrouble(visited);
});

test("totals say since when they count, and ? explains the keys", async () => {
  const { server } = await withTrouble();
  const { page } = await visit(server.url);
  await page.getByText("counted since").waitFor();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await dialog.getByText("Goes to the filter").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
});

const views = [
  ["#/", "Locks"],
  ["#/resource/payouts%3A42", "payouts:42"],
  ["#/lock/1", "payouts:42"],
  ["#/nodes", "Nodes"],
  ["#/nodes/one/7713", "Nodes"],
  ["#/process/one", "api-1 process 11"],
] as const;

test.each(["light", "dark"] as const)(
  "axe finds nothing in any view in the %s theme",
  { timeout: 120_000 },
  async (theme) => {
    const { server } = await withTrouble();
    const { page } = await visit(server.url, { theme, reducedMotion: true });
    for (const [hash, heading] of views) {
      await page.goto(`${server.url}${hash}`);
      await open(page, heading);
      expect(await page.getByRole("heading", { level: 1 }).count(), hash).toBe(1);
      expect(await accessibilityFindings(page), hash).toEqual([]);
    }
    await page.goto(`${server.url}#/lock/1`);
    await page.getByRole("button", { name: "Full chart" }).click();
    await page.getByText("entry / armWait").waitFor();
    expect(await accessibilityFindings(page), "full chart").toEqual([]);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    expect(await accessibilityFindings(page), "keys").toEqual([]);
  },
);

test("at 375 px nothing is lost, and nothing needs scrolling sideways but the matrix", async () => {
  const { server } = await withTrouble();
  const { page } = await visit(server.url, { width: 375, height: 740 });
  for (const [hash, heading] of views) {
    await page.goto(`${server.url}${hash}`);
    await open(page, heading);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(wide, hash).toBeLessThanOrEqual(room!);
  }
  await page.goto(`${server.url}#/`);
  await page.getByRole("button", { name: "Longest held" }).click();
  await page.getByRole("row").filter({ hasText: "payouts:42" }).getByRole("link").click();
  await page.getByText(/^held by api-1 11/).waitFor();
  await page.getByRole("heading", { name: "Waiting in line: 2" }).waitFor();
  await page.getByRole("link", { name: "← All locks" }).click();
  await page.getByRole("link", { name: /^Nodes: / }).click();
  await open(page, "Nodes");
  await page.getByText("3 nodes: the table scrolls sideways.").waitFor();
  const ends = await page
    .getByRole("columnheader")
    .evaluateAll((heads) => heads.map((head) => head.getBoundingClientRect().right));
  expect(ends[2], "the end of the second node").toBeLessThan(375);
});

test("at 375 px what opens is in view: a node's details, and the first of the keys", async () => {
  const { server } = await withTrouble();
  const { page } = await visit(`${server.url}#/nodes/one/7713`, { width: 375, height: 740 });
  const isInView = (locator: Locator) =>
    locator.evaluate((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    });
  const details = page.getByRole("heading", { name: "7713 as api-1 11 sees it" });
  await expect.poll(() => isInView(details)).toBe(true);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await expect.poll(() => isInView(dialog.getByText("Opens this help"))).toBe(true);
});

test("troubles are spoken", async () => {
  const { server } = await withTrouble();
  const { page } = await visit(server.url);
  await expect
    .poll(() => page.getByLabel("Troubles").textContent())
    .toBe("node 7712 is ready, but not asked, node 7713 is down, orders:7: lost");
});
