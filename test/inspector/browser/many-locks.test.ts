import type { CDPSession } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { closeAll, serve } from "../server/served.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";
import { ManyLocks } from "./support/many-locks.js";

useBrowser();

const locks = 5_000;
const changesPerSecond = 500;
const tick = 50;
/** Processor time in s that the page used for its scripts, styles and layout. */
async function busyTime(session: CDPSession): Promise<number> {
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
}

/** Time in ms for which screen frames are counted. */
const measured = 5_000;

test("5,000 locks with 500 changes a second are shown completely, in few rows and little memory", {
  timeout: 60_000,
}, async () => {
  onTestFinished(closeAll);
  const { hub, server } = await serve();
  const source = new ManyLocks(locks);
  for (const frame of source.frames(Date.now())) hub.receive(frame);
  const visited = await visit(server.url);
  const { page } = visited;
  await page.waitForSelector(".row");
  const begun = performance.now();
  let sent = 0;
  // Sends all steps that are due, because timers are late on a busy machine.
  const sendDue = () => {
    const due = Math.floor(((performance.now() - begun) * changesPerSecond) / 1_000) - sent;
    sent += due;
    hub.receive(source.steps(due, Date.now()));
  };
  const feed = setInterval(sendDue, tick);
  onTestFinished(() => clearInterval(feed));

  const session = await page.context().newCDPSession(page);
  const busy = await busyTime(session);
  const frames = await page.evaluate(
    (length) =>
      new Promise<{ perSecond: number; longest: number }>((resolve) => {
        const times: number[] = [];
        const scroller = document.querySelector(".scroller")!;
        const frame = (now: number) => {
          times.push(now);
          const [first = now] = times;
          // The list is scrolled throughout the second half.
          if (now - first > length / 2) scroller.scrollTop += 60;
          if (now - first < length) return void requestAnimationFrame(frame);
          const gaps = times.slice(1).map((time, index) => time - times[index]!);
          resolve({ perSecond: (gaps.length * 1_000) / (now - first), longest: Math.max(...gaps) });
        };
        requestAnimationFrame(frame);
      }),
    measured,
  );
  const share = (await busyTime(session)) - busy;
  expect(await page.locator(".row").first().textContent()).not.toContain("orders:00000");
  clearInterval(feed);
  sendDue();
  hub.receive(source.beat(Date.now()));
  const acquired = page.locator("[data-total=acquired] dd");
  await expect.poll(async () => Number((await acquired.textContent())?.replace(",", ""))).toBe(sent);

  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const megabytes = usedSize / 1_000_000;
  console.log(
    `${frames.perSecond.toFixed(1)} frames/s, the longest ${frames.longest.toFixed(0)} ms; ` +
      `${((share * 100_000) / measured).toFixed(0)} % of a core; ` +
      `${megabytes.toFixed(1)} MB after ${sent} changes`,
  );
  expect(megabytes).toBeLessThan(150);
  expect(await page.locator(".row").count()).toBeLessThan(60);
  expectNoTrouble(visited);
});
