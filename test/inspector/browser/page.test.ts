import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { waitUntil } from "../../support/wait-until.js";
import { beat, locksOf, lockView, stepOf } from "../sample-frames.js";
import { Reader } from "../server/reader.js";
import { closeAll, serve } from "../server/served.js";
import { expectNoTrouble, useBrowser, type Visit, visit } from "./support/browser.js";
import { contrastsOf } from "./support/contrast.js";
import { HighlightedStates } from "./support/highlighted-states.js";
import { ManyLocks } from "./support/many-locks.js";

useBrowser();
afterEach(closeAll);

const built = fileURLToPath(new URL("../../../build/page", import.meta.url));
const maxGzipped = 70_000;

/** The views of the page, and an element that shows that each is there. */
const views = [
  ["#/", ".lock-list .row"],
  ["#/lock/many%2F8", ".votes"],
  ["#/resource/orders%3A00008", ".holder"],
  ["#/nodes", ".node-cell"],
  ["#/process/many", ".process-page table"],
] as const;

/** A server that shows `count` locks. */
async function withLocks(count: number, port = 0) {
  const served = await serve({}, { port });
  const source = new ManyLocks(count);
  for (const frame of source.frames(Date.now())) served.hub.receive(frame);
  // A process that says nothing is in trouble, and trouble comes first.
  const beats = setInterval(() => served.hub.receive(source.beat(Date.now())), 1_000);
  onTestFinished(() => clearInterval(beats));
  return served;
}

const rowOf = (page: Visit["page"], name: string) => page.getByRole("row").filter({ hasText: name });

test("the page is small, and painted", async () => {
  const files = await readdir(built, { recursive: true, withFileTypes: true });
  const bodies = await Promise.all(
    files.filter((file) => file.isFile()).map(({ parentPath, name }) => readFile(join(parentPath, name))),
  );
  expect(bodies.length).toBeGreaterThan(2);
  const gzipped = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
  const { server } = await withLocks(100);
  const visited = await visit(server.url);
  await visited.page.waitForSelector(".row");
  const painted = await visited.page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  );
  console.log(`${(gzipped / 1_000).toFixed(0)} kB gzipped; first paint after ${painted?.toFixed(0)} ms`);
  expect(gzipped).toBeLessThanOrEqual(maxGzipped);
  expect(painted).toBeGreaterThan(0);
  expectNoTrouble(visited);
});

test("everything can be done with the keyboard", async () => {
  const { server } = await withLocks(300);
  const visited = await visit(server.url);
  const { page } = visited;
  await page.waitForSelector(".row");
  const grid = page.getByRole("grid", { name: "Resources" });
  const active = () => page.locator(".row[data-active=true]").textContent();

  await page.keyboard.press("/");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("filter");
  await page.keyboard.type("orders:002");
  await expect.poll(() => grid.getAttribute("aria-rowcount")).toBe("101");
  await page.keyboard.press("Enter");
  await expect.poll(active).toContain("orders:00200");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect.poll(active).toContain("orders:00202");
  await page.keyboard.press("End");
  await expect.poll(active).toContain("orders:00299");
  await page.keyboard.press("PageUp");
  await page.keyboard.press("Home");
  await expect.poll(active).toContain("orders:00200");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "orders:00200" }).waitFor();
  expect(page.url()).toMatch(/#\/resource\/orders%3A00200\?q=orders%3A002$/);
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "orders:00200" }).waitFor({ state: "detached" });
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("locks");

  // Column heads and states are buttons in tab order, and the focused one is visible.
  await page.getByRole("button", { name: "Held for" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect
    .poll(() => page.getByRole("columnheader", { name: "Held for" }).getAttribute("aria-sort"))
    .toBe("descending");
  const chip = page.getByRole("button", { name: /^held/ });
  await chip.focus();
  await page.keyboard.press("Space");
  await expect.poll(() => chip.getAttribute("aria-pressed")).toBe("true");
  await expect
    .poll(() => page.locator(".row .state").allTextContents())
    .toEqual(expect.not.arrayContaining(["idle"]));
  const outline = await chip.evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(outline).toBe("solid");
  expectNoTrouble(visited);
});

test("without a lock in the address, one is shown if there is room, and the user can go back to the list", async () => {
  const { hub, server } = await withLocks(20);
  const visited = await visit(server.url, { width: 1_440, height: 900 });
  const { page } = visited;
  const opened = (name: string) => page.getByRole("heading", { name }).waitFor();
  // The locks before it are idle or acquiring.
  await opened("orders:00002");
  expect(page.url()).toMatch(/#\/resource\/orders%3A00002$/);
  await page.goBack();
  expect(page.url()).toBe("about:blank");
  await page.goForward();
  await opened("orders:00002");
  // The heading needs the address only; the list, which gets the key, needs the first frames.
  await rowOf(page, "orders:00002").waitFor();
  await page.keyboard.press("ArrowDown");
  await opened("orders:00003");
  await page.keyboard.press("Escape");
  hub.receive(beat("another", { time: Date.now() }));
  await expect.poll(() => page.locator(".totals dd").first().textContent()).toBe("2");
  expect(await page.locator(".lock-page").count()).toBe(0);
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await opened("orders:00019");
  await page.getByRole("link", { name: "Locks" }).click();
  await page.locator(".lock-page").waitFor({ state: "detached" });
  expectNoTrouble(visited);
});

test("of few locks one is shown alone if there is no room for both", async () => {
  const { server } = await withLocks(3);
  const visited = await visit(server.url, { width: 1_000, height: 800 });
  await visited.page.getByRole("heading", { name: "orders:00002" }).waitFor();
  await visited.page.getByRole("link", { name: "Locks" }).first().click();
  await rowOf(visited.page, "orders:00002").waitFor();
  expectNoTrouble(visited);
});

test("without a focused element, keys apply to the list", async () => {
  const { server } = await withLocks(20);
  const { page } = await visit(server.url);
  await page.waitForSelector(".row");
  expect(await page.locator(".lock-page").count()).toBe(0);
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => page.locator(".row[data-active=true]").textContent()).toContain("orders:00000");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "orders:00001" }).waitFor();
});

test("a phone's width suffices without scrolling sideways", async () => {
  const { server } = await withLocks(300);
  const visited = await visit(server.url, { width: 375, height: 740 });
  const { page } = visited;
  await page.waitForSelector(".lock-list[data-condensed=true] .row");
  for (const [hash, shown] of [...views, ["#/lock/nowhere", ".empty"] as const]) {
    await page.goto(`${server.url}${hash}`);
    await page.waitForSelector(shown);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(wide, hash).toBeLessThanOrEqual(room!);
  }
  expectNoTrouble(visited);
});

test.each(["light", "dark"] as const)("all text is readable in the %s theme", async (theme) => {
  const { server } = await withLocks(60);
  const visited = await visit(server.url, { theme });
  const { page } = visited;
  await page.waitForSelector(".row");
  for (const [hash, shown] of views) {
    await page.goto(`${server.url}${hash}`);
    await page.waitForSelector(shown);
    const contrasts = await contrastsOf(page);
    expect(contrasts.length).toBeGreaterThan(10);
    // The contrast that WCAG requires at level AA.
    expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  }
  expectNoTrouble(visited);
});

test("a chosen theme is remembered", async () => {
  const { server } = await withLocks(5);
  const { page } = await visit(server.url, { theme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole("button", { name: /^Theme: auto/ }).click();
  await page.getByRole("button", { name: /^Theme: light/ }).click();
  await page.getByRole("button", { name: /^Theme: dark/ }).waitFor();
  await expect.poll(ground).not.toBe(light);
  await page.reload();
  await page.getByRole("button", { name: /^Theme: dark/ }).waitFor();
  expect(await ground()).not.toBe(light);
});

test("nothing moves if the user prefers reduced motion", async () => {
  const { hub, server } = await withLocks(3);
  const { page } = await visit(`${server.url}#/lock/many%2F0`, { reducedMotion: true });
  await page.waitForSelector("[data-chart=lock] .leaf.lit");
  hub.receive(new ManyLocks(3).steps(3, Date.now()));
  await page.waitForSelector("[data-chart=lock] .edge.moved");
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

test("a page that loses its server says so, and reconnects when the server is back", async () => {
  const port = await freePort();
  const first = await withLocks(7, port);
  const visited = await visit(`${first.server.url}#/`);
  const { page } = visited;
  const status = page.locator(".connection");
  await expect.poll(() => status.textContent()).toBe("live");
  // The first frames may come a little after the connection.
  await expect.poll(() => page.title()).toMatch(/ of 7 in use/);
  await expect.poll(() => page.locator(".row").count()).toBe(7);
  await closeAll();
  await expect.poll(() => status.textContent()).toBe("lost the server, trying again");
  expect(await page.locator(".row").count()).toBe(7);
  // What was known is dimmed, and no process is called silent.
  const opacity = page
    .locator(".row")
    .first()
    .evaluate((row) => Number(getComputedStyle(row).opacity));
  expect(await opacity).toBeLessThan(1);
  expect(await page.getByText("silent").count()).toBe(0);
  await withLocks(3, port);
  await expect.poll(() => status.textContent(), { timeout: 15_000 }).toBe("live");
  // The current state replaces the previous one.
  await expect.poll(() => page.locator(".row").count()).toBe(3);
  // The browser logs each failed attempt; nothing else went wrong.
  expect(visited.trouble.filter((line) => !line.includes("net::ERR_"))).toEqual([]);
});

test("a server that refuses is distinguished from a server that is gone", async () => {
  const port = await freePort();
  const token = "correct-horse-battery";
  const first = await serve({}, { port, token });
  const { page } = await visit(`${first.server.url}?token=${token}`);
  const status = page.locator(".connection");
  await expect.poll(() => status.textContent()).toBe("live");
  await closeAll();
  await serve({}, { port, token: "another-one-altogether" });
  await expect
    .poll(() => status.textContent(), { timeout: 15_000 })
    .toBe("the server asks for its access token, trying again");
  const full = await serve();
  const readers = await Promise.all(Array.from({ length: 50 }, () => Reader.open(full.port)));
  const late = await visit(full.server.url);
  await expect
    .poll(() => late.page.locator(".connection").textContent(), { timeout: 15_000 })
    .toBe("too many pages are open, trying again");
  for (const reader of readers) reader.vanish();
  await expect.poll(() => late.page.locator(".connection").textContent(), { timeout: 15_000 }).toBe("live");
});

test("the steps of a lock from before a lost connection are shown again afterwards", async () => {
  const { hub, server } = await serve();
  const time = Date.now();
  const lock = lockView("one", { since: time });
  hub.receive(beat("here", { time }));
  hub.receive(locksOf(lock));
  const visited = await visit(`${server.url}#/lock/one`);
  const { page } = visited;
  await expect.poll(() => page.locator(".connection").textContent()).toBe("live");
  await page.waitForSelector(".panel-events");
  hub.receive(stepOf(lock, "RENEWED", "renewing.asking"));
  const listedEvents = () => page.locator(".events li code").allTextContents();
  await expect.poll(listedEvents).toEqual(["RENEWED"]);
  // More frames than the server sends at once: it must make the page start over.
  for (let seq = 0; seq <= 2_000; seq += 1) hub.receive(beat("here", { time: time + seq, seq }));
  await expect.poll(() => page.locator(".connection").textContent()).toMatch(/lost/);
  hub.receive(stepOf(lock, "RELEASE", "held"));
  await expect.poll(() => page.locator(".connection").textContent()).toBe("live");
  await expect.poll(listedEvents).toEqual(expect.arrayContaining(["RENEWED", "RELEASE"]));
});

test("steps that arrive together are highlighted one after the other, even if the state is the same again", async () => {
  const { hub, server } = await serve();
  const held = lockView("one", { state: "held" });
  hub.receive(beat("here", { time: Date.now() }));
  hub.receive(stepOf(held, "GRANTED", "acquiring.asking"));
  const visited = await visit(`${server.url}#/lock/one`);
  const lit = await HighlightedStates.of(visited.page);
  const wanted: string[] = [];
  for (let renewal = 1; renewal <= 3; renewal += 1) {
    hub.receive(stepOf(lockView("one", { state: "renewing.asking" }), "RENEW", "held"));
    hub.receive(stepOf(held, "RENEWED", "renewing.asking"));
    wanted.push("renewing.asking", "held");
    await expect.poll(() => lit.read(), { timeout: 5_000 }).toEqual(wanted);
  }
  await expect.poll(() => visited.page.locator(".event.moved").textContent()).toBe("RENEWED");
  expectNoTrouble(visited);
});

test("names that forge markup stay text", async () => {
  const { hub, server } = await serve();
  const name = `<img src=x onerror="document.title='forged'">`;
  hub.receive(beat("here", { owner: "<b>ann</b>" }));
  hub.receive(locksOf(lockView("one", { resources: [name], reason: "<i>tooSlow</i>" })));
  const visited = await visit(`${server.url}#/`);
  const { page } = visited;
  await rowOf(page, name).first().click();
  await page.getByRole("heading", { name }).waitFor();
  expect(await page.locator(".main img, .main b b, .main i i").count()).toBe(0);
  expect(await page.title()).not.toBe("forged");
  expectNoTrouble(visited);
});

test("a request with a forged Host or Origin gets nothing", async () => {
  const { server } = await withLocks(3);
  const { page } = await visit(server.url);
  const elsewhere = await visit("about:blank");
  // A page of another site that sends requests to this server.
  const asked = await elsewhere.page.evaluate(async (url) => {
    const answer = await fetch(url).catch((error: Error) => error.message);
    return typeof answer === "string" ? answer : `answered ${answer.status}`;
  }, `${server.url}history?lock=many%2F0`);
  expect(asked).toBe("Failed to fetch");
  const forged = await page.request.get(`${server.url}events`, {
    headers: { Origin: "http://evil.example" },
  });
  expect(forged.status()).toBe(403);
  const rebound = await page.request.get(server.url, { headers: { Host: "evil.example" } });
  expect(rebound.status()).toBe(403);
});

test("a link on another site opens the page, and can carry the token", async () => {
  const token = "correct-horse-battery";
  const { server } = await serve({}, { token });
  const link = `<a href="${server.url}?token=${token}">the locks</a><a href="${server.url}">again</a>`;
  // The other site's response is faked, so that no real site is contacted.
  const { page } = await visit("about:blank");
  await page.route("http://wiki.example/", (route) =>
    route.fulfill({ contentType: "text/html", body: link }),
  );
  for (const name of ["the locks", "again"]) {
    await page.goto("http://wiki.example/");
    await page.getByRole("link", { name }).click();
    await expect.poll(() => page.locator(".connection").textContent()).toBe("live");
    expect(page.url()).toBe(server.url);
  }
});

test("votes, silence and an unknown lock are described in words", async () => {
  const { hub, server } = await serve();
  const time = Date.now();
  const nodes = ["n1", "n2", "n3", "n4"].map((name) => ({
    ...{ name, state: "ready" as const, cause: null, until: null, p50: 0.4, p99: null, step: null },
  }));
  nodes[3] = {
    ...nodes[3]!,
    ...({ state: "quarantined", cause: "it forgot", until: time + 9_000 } as object),
  };
  const votes = [
    { node: "n1", kind: "granted" as const },
    { node: "n2", kind: "failed" as const, reason: "timeout", message: "no answer within 200 ms" },
    { node: "n3", kind: "denied" as const, holder: { owner: "ben", tokenHash: "ab12", ttlLeft: 4_200 } },
  ];
  const round = { asked: "acquire" as const, time, votes };
  hub.receive(beat("here", { time, nodes }));
  const lock = lockView("one", { state: "acquiring.waiting", validUntil: null, round });
  // The same time as the beat's: another time would look like a changed clock.
  hub.receive({ ...stepOf(lock, "NO_QUORUM", "acquiring.asking"), time });
  const visited = await visit(`${server.url}#/lock/one`);
  const { page } = visited;
  const listedVotes = () => page.locator(".votes li").allInnerTexts();
  await waitUntil("the votes are there", 5_000, async () => (await listedVotes()).length === 4);
  const [first, second, third, fourth] = (await listedVotes()).map((text) => text.replace(/\s+/g, " "));
  expect(first).toContain("n1 granted");
  expect(second).toContain("n2 failed timeout: no answer within 200 ms");
  expect(third).toContain("n3 denied held by ben #ab12, 4.2 s left");
  expect(fourth).toContain("n4 no vote");
  await page.getByText("1 granted, 1 denied, 1 failed").waitFor();
  await page.clock.install();
  await page.clock.fastForward(5_000);
  await page.locator(".lock-page").getByText("silent").first().waitFor();
  await page.goto(`${server.url}#/nodes/here/n4`);
  await page
    .getByText(/^quarantined, votes again in [0-9.]+ m?s$/)
    .first()
    .waitFor();
  await page.getByText("it forgot").waitFor();
  await page.goto(`${server.url}#/lock/nobody`);
  await page.getByText("This lock is not there").waitFor();
  expectNoTrouble(visited);
});

test("an empty page says what to do", async () => {
  const { hub, server } = await serve();
  const { page } = await visit(`${server.url}#/`);
  await page.getByText("No process is known").waitFor();
  hub.receive(beat("here", { time: Date.now() }));
  await page.getByText("No lock is in use").waitFor();
  hub.receive(locksOf(lockView("one", { validUntil: null })));
  await rowOf(page, "of one").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("nobody");
  await page.getByText("No lock matches").waitFor();
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await rowOf(page, "of one").waitFor();
  hub.receive({ kind: "bye", source: "here", seq: 2, time: Date.now() });
  await page.getByText("The process that was here has closed its locks").waitFor();
});
