import { expect, onTestFinished, test } from "vitest";
import { closeAll, serve } from "../served.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";
import { Crowd } from "./support/crowd.js";

useBrowser();

const locks = 5_000;
const changesPerSecond = 500;
const perTick = 50;
/** ms that the frames of the screen are counted. */
const measured = 5_000;

test("5,000 locks with 500 changes a second are shown fluently, and in little memory", {
  timeout: 60_000,
}, async () => {
  onTestFinished(closeAll);
  const { hub, server } = await serve();
  const crowd = new Crowd(locks);
  for (const frame of crowd.frames(Date.now())) hub.hear(frame);
  const visited = await visit(server.url);
  const { page } = visited;
  await page.waitForSelector(".row");
  let ticks = 0;
  const feed = setInterval(
    () => {
      hub.hear(crowd.steps(perTick, Date.now()));
      if (++ticks % 10 === 0) hub.hear(crowd.beat(Date.now()));
    },
    (perTick / changesPerSecond) * 1_000,
  );
  onTestFinished(() => clearInterval(feed));

  const frames = await page.evaluate(
    (length) =>
      new Promise<{ perSecond: number; longest: number }>((resolve) => {
        const times: number[] = [];
        const frame = (now: number) => {
          times.push(now);
          const [first = now] = times;
          if (now - first < length) return void requestAnimationFrame(frame);
          const gaps = times.slice(1).map((time, index) => time - times[index]!);
          resolve({ perSecond: (gaps.length * 1_000) / (now - first), longest: Math.max(...gaps) });
        };
        requestAnimationFrame(frame);
      }),
    measured,
  );
  // While it is scrolled too.
  await page.locator(".scroller").evaluate((scroller) => scroller.scrollTo({ top: 90_000 }));
  await expect.poll(() => page.locator(".row").first().textContent()).toMatch(/orders:02[45]/);

  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const megabytes = usedSize / 1_000_000;
  const told = ticks * perTick;
  // All of them have come in.
  const acquired = await page.locator("[data-total=acquired] dd").textContent();
  expect(Number(acquired?.replace(",", ""))).toBeGreaterThan((measured / 1_000) * changesPerSecond * 0.8);
  console.log(
    `${frames.perSecond.toFixed(1)} frames/s, the longest ${frames.longest.toFixed(0)} ms; ` +
      `${megabytes.toFixed(1)} MB after ${told} changes`,
  );
  expect(frames.perSecond).toBeGreaterThan(30);
  expect(megabytes).toBeLessThan(150);
  expect(await page.locator(".row").count()).toBeLessThan(60);
  expectNoTrouble(visited);
});
