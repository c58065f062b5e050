import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Frame, NodeView } from "../../../src/inspector/feed/frames.js";
import { openFrames } from "../../../src/inspector/recording.js";
import { Hub } from "../../../src/inspector/server/hub.js";
import { PageServer } from "../../../src/inspector/server/page-server.js";
import { ExaminedRecording } from "../../../src/inspector/server/past.js";
import { Night } from "../recording/night.js";
import { clockAt } from "../recording/stopped-clock.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";

useBrowser();

const second = 1_000;
const hour = 3_600 * second;
/** The axis counts in steps of five seconds. */
const end = Math.floor(Date.now() / (5 * second)) * 5 * second;
const start = end - hour;
/** While this time a node is down, and a moment in it. */
const outage = { from: start + 20 * 60 * second, to: start + 25 * 60 * second };
const lock = "p0/0";
const resource = "orders:11000";

const servers: PageServer[] = [];
let folder: string;
let live: string;
let replay: string;

/** An hour of two processes, in which a node was down for some minutes. */
function* anHour(): Generator<Frame> {
  const night = new Night(start, { locks: 8, stepsPerSecond: 10, processes: 2 });
  const step = { time: outage.from, event: "DISCONNECTED", from: "ready", to: "down" };
  const down = { state: "down", cause: "connect ECONNREFUSED", p50: null, p99: null, step } as const;
  const nodesIn = (nodes: readonly NodeView[]) =>
    nodes.map((node, index) => (index === 2 ? { ...node, ...down } : node));
  yield night.beat(0);
  while (night.time < end) {
    // A step a second.
    night.time += 900;
    for (const frame of night.tick()) {
      const isDown = frame.time >= outage.from && frame.time < outage.to;
      yield frame.kind === "beat" && isDown ? { ...frame, nodes: nodesIn(frame.nodes) } : frame;
    }
  }
}

/** The hour is received by a live page's server in compressed time; what that server saves is the recording. */
beforeAll(async () => {
  const clock = clockAt(start);
  const hub = new Hub(() => {}, clock);
  for (const frame of anHour()) {
    if (Math.floor(frame.time / second) > Math.floor(clock.now / second)) await hub.store.settle();
    clock.now = frame.time;
    hub.receive(frame);
  }
  clock.now = end;
  await hub.store.settle();
  folder = await mkdtemp(join(tmpdir(), "holdfast-hour-"));
  const file = join(folder, "hour.holdfast");
  await writeFile(file, hub.store.file());
  const { store } = await openFrames(file);
  const recording = new ExaminedRecording(store);
  await recording.examine();
  const address = { host: "127.0.0.1", port: 0, token: null };
  for (const shown of [
    { hub, recording: null },
    { hub: new Hub(), recording },
  ])
    servers.push(await PageServer.start({ title: "Locks", metrics: null, ...shown }, address));
  [live = "", replay = ""] = servers.map(({ url }) => url);
}, 120_000);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
});

/** What is drawn: the axis, and the view with its charts. */
async function pictureOf(page: Page, selector: string): Promise<string> {
  const drawn = await page
    .locator(selector)
    .evaluateAll((all) => all.map(({ outerHTML }) => outerHTML).join("\n"));
  // How often a chart was drawn is not visible; how the page is connected is meant to differ.
  return drawn.replace(/ data-(?:step|connection)="\w+"/g, "");
}

const at = (hash: string, time: number) => `${hash}${hash.includes("?") ? "&" : "?"}at=${time}`;

async function visitBoth() {
  const both = await Promise.all([live, replay].map((url) => visit(at(`${url}#/`, outage.from))));
  for (const { page } of both) await page.getByRole("img", { name: /acquisitions .* incidents/ }).waitFor();
  return both.map(({ page }, index) => ({ page, url: [live, replay][index]!, visited: both[index]! }));
}

test("the axis of an hour and its lanes are the same pictures live and in a replay", async () => {
  const both = await visitBoth();
  const axes = await Promise.all(both.map(({ page }) => pictureOf(page, ".axis-picture svg")));
  expect(axes[1]).toBe(axes[0]);
  // It shows something: acquisitions, losses, incidents, and the node that was down.
  for (const part of ["axis-acquired", "axis-lost", "axis-tick", 'data-node-state="down"'])
    expect(axes[0]).toContain(part);
  const lanes: string[] = [];
  for (const { page } of both) {
    const box = (await page.getByRole("img", { name: /acquisitions .* incidents/ }).boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.35, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.37, box.y + 12, { steps: 3 });
    await page.mouse.up();
    await page.getByRole("region", { name: "Lanes" }).getByRole("link").first().waitFor();
    lanes.push(await pictureOf(page, ".axis-picture svg, .lanes"));
  }
  expect(lanes[1]).toBe(lanes[0]);
  for (const { visited } of both) expectNoTrouble(visited);
});

const views = [
  "#/",
  `#/resource/${encodeURIComponent(resource)}?prefix=shop%3A`,
  `#/lock/${encodeURIComponent(lock)}`,
  "#/nodes/p0/redis%3A%2F%2F10.0.0.1%3A7713",
  "#/process/p1",
  "#/incidents",
];
const moments = [outage.from + 90 * second + 340, end - 5 * second];

test("every view of a moment is the same live and in a replay, and so are the steps from there", {
  timeout: 180_000,
}, async () => {
  const both = await visitBoth();
  for (const time of moments) {
    for (const view of views) {
      const pictures: string[] = [];
      for (const { page, url } of both) {
        await page.goto(`${url}${at(view, time)}`);
        await page.getByText(new RegExp(`^${clockOf(time)} local$`)).waitFor();
        await page.getByRole("heading", { level: 1 }).waitFor();
        pictures.push(await pictureOf(page, "main, .header .totals, .axis-picture svg"));
      }
      expect(pictures[1], `${view} at ${new Date(time).toISOString()}`).toBe(pictures[0]);
    }
    const sequences: string[][] = [];
    for (const { page, url } of both) {
      await page.goto(`${url}${at(`#/lock/${encodeURIComponent(lock)}`, time)}`);
      const only = page.getByRole("button", { name: "Only this lock" });
      await only.click();
      const sequence: string[] = [];
      for (let step = 0; step < 4; step += 1) {
        await page.keyboard.press("ArrowLeft");
        sequence.push(await pictureOf(page, "[data-chart=lock], .votes, .timeline-picture"));
      }
      sequences.push(sequence);
    }
    expect(sequences[1]).toEqual(sequences[0]);
    expect(new Set(sequences[0]).size).toBeGreaterThan(1);
  }
  for (const { visited } of both) expectNoTrouble(visited);
});

/** The time of day with ms, in the time zone of this process and of its browser. */
function clockOf(time: number): string {
  const date = new Date(time);
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
