import type { Page } from "playwright-core";
import { afterEach, expect, test } from "vitest";
import { beat, locksOf, lockView, stepOf } from "../sample-frames.js";
import { closeAll, serve } from "../server/served.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";
import { ManyLocks } from "./support/many-locks.js";

useBrowser();
afterEach(closeAll);

async function withLocks(count: number) {
  const served = await serve();
  const source = new ManyLocks(count);
  for (const frame of source.frames(Date.now())) served.hub.receive(frame);
  return { ...served, source };
}

const chartOf = (page: Page) => page.getByRole("group", { name: /^The lock's chart/ });

test("the badge and the chart agree in 1,000 of 1,000 samples, while steps arrive faster than they can be shown", {
  timeout: 240_000,
}, async () => {
  const { hub, server, source } = await withLocks(1);
  const visited = await visit(`${server.url}#/lock/many%2F0`);
  const { page } = visited;
  await chartOf(page).waitFor();
  const feed = setInterval(() => hub.receive(source.steps(3, Date.now())), 40);
  const { samples, seen } = await page.evaluate(async () => {
    const samples: [string, string, string][] = [];
    const badge = () => document.querySelector(".facts .state")?.textContent?.replace(" · ", ".") ?? "";
    while (samples.length < 1_000) {
      const chart = document.querySelector<HTMLElement>("[data-chart=lock]");
      const lit = chart?.querySelector(".leaf.lit")?.getAttribute("data-state") ?? "";
      samples.push([badge(), chart?.dataset.lit ?? "", lit]);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    return { samples, seen: [...new Set(samples.map(([badge]) => badge))] };
  });
  clearInterval(feed);
  expect(samples.filter(([badge, chart, lit]) => badge !== chart || badge.split(".")[0] !== lit)).toEqual([]);
  // Not one state all the time.
  expect(seen.length).toBeGreaterThan(3);
  expectNoTrouble(visited);
});

test("a page that is behind says so, and jumps to now when it is asked to", async () => {
  const { hub, server, source } = await withLocks(1);
  const visited = await visit(`${server.url}#/lock/many%2F0`);
  const { page } = visited;
  await chartOf(page).waitFor();
  hub.receive(source.steps(30, Date.now()));
  const jump = page.getByRole("button", { name: /behind; jump to now$/ });
  await jump.waitFor();
  await jump.dispatchEvent("click");
  await jump.waitFor({ state: "hidden" });
  // 30 steps of a life of six end where they began.
  await page.getByRole("group", { name: "The lock's chart; it is idle" }).waitFor();
  expectNoTrouble(visited);
});

test.each([
  [1_280, 720, 12],
  [375, 740, 10],
])(
  "at %i × %i px the overview is whole, names no action, and all its text is at least %i px",
  async (width, height, least) => {
    const { server } = await withLocks(3);
    const { page } = await visit(`${server.url}#/lock/many%2F2`, { width, height });
    const chart = chartOf(page);
    await chart.waitFor();
    const { sizes, hidden } = await chart.evaluate((frame) => {
      const svg = frame.querySelector("svg")!;
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      const seen = frame.getBoundingClientRect();
      const texts = [...svg.querySelectorAll("text")].filter(({ textContent }) => textContent !== "");
      const outside = (box: DOMRect) =>
        box.left < seen.left - 1 ||
        box.right > seen.right + 1 ||
        box.top < seen.top - 1 ||
        box.bottom > seen.bottom + 1;
      return {
        sizes: texts.map((text) => Number.parseFloat(getComputedStyle(text).fontSize) * scale),
        hidden: [...svg.querySelectorAll(".state, .edge")].filter((part) =>
          outside(part.getBoundingClientRect()),
        ).length,
      };
    });
    expect(sizes.length).toBeGreaterThan(15);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(least);
    expect(hidden).toBe(0);
    for (const state of ["idle", "acquiring", "held", "renewing", "releasing", "expired"]) {
      await chart.getByText(state, { exact: true }).first().waitFor();
    }
    expect(await chart.textContent()).not.toMatch(/armTimer|askForGrant|entry/);
  },
);

test("the full chart is zoomed and moved, and stays so from one lock to the next", async () => {
  const { server } = await withLocks(3);
  const visited = await visit(`${server.url}#/lock/many%2F0`);
  const { page } = visited;
  await page.getByRole("button", { name: "Full chart" }).click();
  const chart = chartOf(page);
  await chart.getByText("entry / armWait").waitFor();
  await page.getByRole("button", { name: "Larger" }).click();
  await page.getByText("125 %").waitFor();
  await chart.evaluate((frame) => frame.dispatchEvent(new WheelEvent("wheel")));
  await chart.evaluate((frame) => frame.scrollTo(0, 400));
  await expect
    .poll(() => page.getByRole("button", { name: "Follow" }).getAttribute("aria-pressed"))
    .toBe("false");
  await expect.poll(() => chart.evaluate(({ scrollTop }) => scrollTop)).toBe(400);
  await page.goto(`${server.url}#/lock/many%2F2`);
  await page.getByRole("heading", { name: "orders:00002" }).waitFor();
  await page.getByText("125 %").waitFor();
  await expect.poll(() => chart.evaluate(({ scrollTop }) => Math.round(scrollTop / 10))).toBe(40);
  await page.getByRole("button", { name: "Whole" }).click();
  await page.getByText("whole", { exact: true }).waitFor();
  await expect.poll(() => chart.evaluate((frame) => frame.scrollHeight <= frame.clientHeight + 1)).toBe(true);
  await page.reload();
  await page.getByText("whole", { exact: true }).waitFor();
  expectNoTrouble(visited);
});

test("heat shows how often each arrow was taken and how long states lasted, and an arrow lists its events", async () => {
  const { hub, server } = await serve();
  const held = lockView("one", { state: "held", validUntil: Date.now() + 1e6 });
  hub.receive(beat("here", { time: Date.now() }));
  const visited = await visit(`${server.url}#/lock/one`);
  const { page } = visited;
  const start = Date.now();
  const at = (time: number, frame: ReturnType<typeof stepOf>) =>
    hub.receive({
      ...frame,
      time,
      ...("steps" in frame ? { steps: frame.steps.map((step) => ({ ...step, time })) } : {}),
    } as typeof frame);
  hub.receive(locksOf(held, lockView("two")));
  await chartOf(page).waitFor();
  for (let renewal = 0; renewal < 3; renewal += 1) {
    at(start + renewal * 100, stepOf(lockView("one", { state: "renewing.asking" }), "RENEW", "held"));
    at(start + renewal * 100 + 40, stepOf(held, "RENEWED", "renewing.asking"));
  }
  at(start + 400, stepOf(lockView("two", { state: "renewing.asking" }), "RENEW", "held"));
  await page.getByRole("combobox", { name: "Heat" }).selectOption({ label: "this lock" });
  const arrow = page.getByRole("button", { name: "Arrow RENEW, taken 3 times: list its events" });
  await arrow.waitFor();
  await page.getByText("3 × 40 ms").waitFor();
  await arrow.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "3 × RENEW" }).waitFor();
  const events = page.getByRole("list", { name: "3 × RENEW" }).getByRole("listitem");
  expect(await events.count()).toBe(3);
  await page.getByRole("combobox", { name: "Heat" }).selectOption({ label: "all locks" });
  await page.getByRole("heading", { name: "4 × RENEW" }).waitFor();
  await page.getByText("of two").first().waitFor();
  await page.getByRole("button", { name: "All events" }).click();
  await page.getByRole("heading", { name: "Events", exact: true }).waitFor();
  expectNoTrouble(visited);
});
