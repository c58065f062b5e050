import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../src/engine/time/system-clock.js";
import type { Frame, LockView, NodeView, VoteView } from "../../../src/inspector/feed/frames.js";
import { readRecording } from "../../../src/inspector/recording.js";
import { Hub } from "../../../src/inspector/server/hub.js";
import { beat, lockView } from "../sample-frames.js";
import { closeAll, serve } from "../server/served.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";
import { contrastsOf } from "./support/contrast.js";

useBrowser();
afterEach(closeAll);

const addresses = [7711, 7712, 7713].map((port) => `redis://127.0.0.1:${port}`);
const hostile = '<img src=x onerror="alert(1)">\u202e';

/** A process whose lease is lost because its keys are gone, and which then loses two nodes. `now`: epoch ms. */
function* story(now: number, name = "orders:11000"): Generator<Frame> {
  let seq = 0;
  const head = (time: number) => ({ source: "api-1", seq: ++seq, time });
  const node = (name: string, isDown: boolean, time: number): NodeView => ({
    name,
    state: isDown ? "down" : "ready",
    cause: isDown ? "ECONNREFUSED" : null,
    until: null,
    p50: 0.4,
    p99: 2,
    step: isDown ? { time, event: "DISCONNECTED", from: "ready", to: "down" } : null,
  });
  const beatAt = (time: number, down = 0, acquired = 0): Frame =>
    beat("api-1", {
      ...head(time),
      owner: "api-1",
      nodes: addresses.map((address, at) => node(address, at < down, time)),
      totals: { ...beat().totals, acquired, expired: acquired },
    });
  const votes = (...kinds: ("granted" | "denied")[]): VoteView[] =>
    kinds.map((kind, at) => ({ node: addresses[at]!, kind, ...(kind === "denied" ? { holder: null } : {}) }));
  const step = (time: number, event: string, from: string, changes: Partial<LockView>): Frame => {
    const lock = lockView("api-1/1", {
      source: "api-1",
      resources: [name],
      since: time,
      granted: now - 60_000,
      ...changes,
    });
    return { kind: "steps", ...head(time), steps: [{ time, event, from, to: lock.state, lock }] };
  };
  yield beatAt(now - 61_000);
  const good = {
    asked: "acquire" as const,
    time: now - 60_000,
    votes: votes("granted", "granted", "granted"),
  };
  yield step(now - 60_000, "GRANTED", "acquiring.asking", { round: good, validUntil: now - 50_000 });
  yield beatAt(now - 55_000, 0, 1);
  const bad = { asked: "renew" as const, time: now - 52_000, votes: votes("denied", "denied", "granted") };
  yield step(now - 52_000, "LOST", "renewing.asking", {
    state: "expired",
    reason: "missing",
    validUntil: null,
    round: bad,
  });
  yield beatAt(now - 50_000, 0, 2);
  const again = { acquisition: "a-2", granted: now - 10_000, validUntil: now + 60_000, round: good };
  yield step(now - 10_000, "GRANTED", "acquiring.asking", again);
  yield beatAt(now - 1_000, 2, 3);
}

/** A server that has received each frame when it was sent. */
async function served(name?: string) {
  const now = Date.now();
  let behind = 0;
  const hub = new Hub(undefined, {
    monotonic: () => systemClock.monotonic(),
    wall: () => systemClock.wall() - behind,
    after: (...all) => systemClock.after(...all),
  });
  for (const frame of story(now, name)) {
    behind = systemClock.wall() - frame.time;
    hub.receive(frame);
  }
  behind = 0;
  return { ...(await serve({ hub })), now };
}

test.each([
  [1_280, 800],
  [375, 740],
])(
  "why a lock was lost is found within two clicks, with the votes of that round, at %i px",
  async (width, height) => {
    const { server } = await served();
    const visited = await visit(`${server.url}#/`, { width, height });
    const { page } = visited;
    await page.getByRole("link", { name: /^Incidents/ }).click();
    await page
      .getByRole("link", {
        name: /orders:11000 lost at .* by api-1: its key was gone on 7711 and 7712 \(deleted/,
      })
      .click();
    await page.getByRole("heading", { name: /held for 8 s/ }).waitFor();
    const wrong = page.getByRole("region", { name: "The round that went wrong" });
    const right = page.getByRole("region", { name: "The last good round before it" });
    expect(await wrong.getByText("asked to renew").textContent()).toMatch(/2 denied|1 granted, 2 denied/);
    expect(await right.getByText("asked to acquire").textContent()).toContain("3 granted");
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(wide).toBeLessThanOrEqual(room!);
    // And to the lock at that moment.
    await page.getByRole("link", { name: "The lock at that moment" }).click();
    await page.getByRole("heading", { name: "orders:11000" }).waitFor();
    await page.getByText("expired").first().waitFor();
    await page.getByRole("button", { name: "Back to live" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    expectNoTrouble(visited);
  },
);

test("red totals lead to the incidents, and a quorum at risk is said on every view", async () => {
  const { server } = await served();
  const visited = await visit(`${server.url}#/`, { width: 1_440, height: 900 });
  const { page } = visited;
  const strip = page.getByRole("alert");
  for (const view of ["#/", "#/nodes", "#/incidents", "#/lock/api-1%2F1"]) {
    await page.goto(`${server.url}${view}`);
    await strip
      .getByText(
        /No quorum: 7711 and 7712 down since .* UTC; (1 lease runs out within \d+ s|no lease is left)/,
      )
      .waitFor();
  }
  await page.getByRole("link", { name: /expired: show why/ }).click();
  await page.getByRole("heading", { name: "Incidents" }).waitFor();
  expectNoTrouble(visited);
});

test("a time is jumped to, the past is shown, and its place is in the address", async () => {
  const { server, now } = await served();
  const visited = await visit(`${server.url}#/`);
  const { page } = visited;
  await page.getByRole("button", { name: "UTC" }).click();
  const time = new Date(now - 55_000);
  await page.getByRole("textbox", { name: "Jump to a time (UTC)" }).fill(time.toISOString().slice(11, 19));
  await page.keyboard.press("Enter");
  await page.getByText(`${time.toISOString().slice(11, 19)}.999 UTC`).waitFor();
  await page.getByRole("row").filter({ hasText: "orders:11000" }).getByText("held").waitFor();
  expect(page.url()).toMatch(/[?]at=\d+$/);
  await page.getByRole("button", { name: "Back to live" }).click();
  expect(page.url()).not.toContain("at=");
  expectNoTrouble(visited);
});

test("a part of the axis is enlarged, and has lanes with holders", async () => {
  const { server } = await served();
  const visited = await visit(`${server.url}#/`);
  const { page } = visited;
  const picture = page.getByRole("img", { name: /acquisitions .* incidents/ });
  const box = (await picture.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.9, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.999, box.y + 12, { steps: 5 });
  await page.mouse.up();
  const lanes = page.getByRole("region", { name: "Lanes" });
  await lanes.getByText("orders:11000").waitFor();
  await lanes.getByRole("link", { name: "api-1" }).first().waitFor();
  await page.getByRole("button", { name: "All" }).click();
  await lanes.waitFor({ state: "detached" });
  expectNoTrouble(visited);
});

test("the last hour is saved as a recording", async () => {
  const { server } = await served();
  const { page } = await visit(`${server.url}#/`);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-saved-"));
  try {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Save the last hour" }).click(),
    ]);
    const file = join(folder, "saved");
    await download.saveAs(file);
    expect((await readRecording(file)).frames.length).toBe([...story(0)].length);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.each(["light", "dark"] as const)(
  "names are shown as text, and all text is readable, in the %s theme",
  async (theme) => {
    const { server } = await served(hostile);
    const visited = await visit(`${server.url}#/incidents`, { theme });
    const { page } = visited;
    await page.getByRole("link", { name: /lost at/ }).click();
    await page.getByRole("heading", { name: /<img src=x/ }).waitFor();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(await page.content()).not.toContain("\u202e");
    const contrasts = await contrastsOf(page);
    expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    expectNoTrouble(visited);
  },
);
