import { expect, onTestFinished, test } from "vitest";
import { managerOf } from "../../../src/api/managed-locks.js";
import { createLocks } from "../../../src/index.js";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { Tracker } from "../../../src/inspector/feed/tracker.js";
import { serveInspector } from "../../../src/inspector.js";
import { giveMemory } from "../../support/memory.js";
import { startServer, waitUntil } from "../../support/servers.js";
import { startAll, stopAll } from "../../support/start-all.js";
import { closeAll, serve } from "../server/served.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";
import { HighlightedStates } from "./support/highlighted-states.js";

useBrowser();

/** In ms; short, so that a lease is renewed and lost during the test. */
const ttl = 1_200;

test("a chart highlights each step of a lock on real servers, and the same again in a replay", {
  timeout: 60_000,
}, async () => {
  onTestFinished(closeAll);
  const servers = await startAll([startServer, startServer, startServer]);
  onTestFinished(() => stopAll(servers));
  await Promise.all(servers.map(({ port }) => giveMemory(port)));
  const locks = createLocks({ nodes: servers.map(({ url }) => url), owner: "night-shift", ttl });
  onTestFinished(() => locks.close({ timeout: 500 }));
  const inspector = await serveInspector(locks, { port: 0 });
  onTestFinished(() => inspector.close());
  // The frames that a recording of the same run would contain.
  const tracker = new Tracker(managerOf(locks));
  onTestFinished(() => tracker.stop());
  const recording: Frame[] = [];
  tracker.listen((frame) => recording.push(frame));
  const handle = locks.handle("reports:<nightly>");

  const live = await visit(`${inspector.url}#/`);
  const { page } = live;
  await handle.acquire();
  await page.getByRole("link", { name: "reports:<nightly>" }).first().click();
  await page.getByRole("heading", { name: "reports:<nightly>" }).waitFor();
  await handle.release();
  await page.waitForSelector("[data-chart=lock][data-lit=idle]");
  const steps = () => recording.flatMap((frame) => (frame.kind === "steps" ? frame.steps : []));
  const reached = () => steps().map(({ to }) => to);
  await waitUntil("the release is received", 5_000, () => reached().at(-1) === "idle");
  const before = reached().length;
  const lit = await HighlightedStates.of(page);

  await handle.acquire();
  await new Promise<void>((resolve) => handle.on("renewed", () => resolve()));
  await Promise.all(servers.slice(1).map((one) => one.suspend()));
  await new Promise<void>((resolve) => handle.on("expired", () => resolve()));
  await page.waitForSelector("[data-vote=failed]");
  for (const one of servers) one.resume();
  await handle.acquire({ wait: 20_000 });
  await handle.release();

  await waitUntil("the release is received", 5_000, () => reached().at(-1) === "idle");
  const wanted = reached().slice(before);
  await waitUntil("all of it was lit", 20_000, async () => (await lit.read()).length >= wanted.length);
  expect(await lit.read()).toEqual(wanted);
  // The expected states occurred in this order.
  expect(wanted.join(" ")).toMatch(
    /^acquiring\.asking held .*renewing\.asking held .*renewing\.retrying .*expired acquiring\.asking .*held .*releasing idle$/,
  );
  const events = await page.locator(".events code").allTextContents();
  for (const event of ["GRANTED", "RENEWED", "NO_QUORUM", "EXPIRED", "RELEASED"])
    expect(events).toContain(event);
  await expect.poll(() => page.locator("[data-band=held]").count()).toBeGreaterThan(0);
  expect(await page.locator("[data-mark=renewed]").count()).toBeGreaterThan(0);
  expect(await page.locator("[data-mark=quorumLost]").count()).toBeGreaterThan(0);
  expectNoTrouble(live);

  // Replays the recorded frames.
  const replayed = await serve({ recording });
  const id = steps()[0]?.lock.id ?? "";
  const replay = await visit(`${replayed.server.url}#/lock/${encodeURIComponent(id)}`);
  await replay.page.getByText(/step 0 of/).waitFor();
  const all = reached().length;
  for (let step = 1; step <= before; step += 1) await replay.page.keyboard.press("ArrowRight");
  await replay.page.getByText(`step ${before} of ${all}`).waitFor();
  await replay.page.waitForSelector("[data-chart=lock][data-lit=idle]");
  const again = await HighlightedStates.of(replay.page);
  for (let step = before + 1; step <= all; step += 1) {
    await replay.page.keyboard.press("ArrowRight");
    await replay.page.getByText(`step ${step} of ${all}`).waitFor();
  }
  await waitUntil("all of it was lit", 20_000, async () => (await again.read()).length >= wanted.length);
  expect(await again.read()).toEqual(wanted);

  // Steps back: the same states in reverse order.
  const back = reached().slice(0, -1).reverse();
  for (const state of back.slice(0, 6)) {
    await replay.page.keyboard.press("ArrowLeft");
    await replay.page.waitForSelector(`[data-chart=lock][data-lit="${state}"]`);
  }
  await replay.page.keyboard.press("Home");
  await replay.page.getByText(`step 0 of ${all}`).waitFor();
  expectNoTrouble(replay);
});
