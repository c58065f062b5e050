import { chromium } from "playwright-core";
import { runnerImport } from "vite";
import { root } from "../packages.mjs";

/** A real browser whose pages count their frames. */
export async function startBrowser() {
  const { module } = await runnerImport(`${root}test/support/chromium.ts`, { configFile: false });
  const { command, env } = await module.findChromium();
  const browser = await chromium.launch({
    executablePath: command,
    env: { ...process.env, ...env },
    args: ["--no-sandbox", "--disable-gpu"],
  });
  return {
    async open(url) {
      const page = await browser.newPage({ viewport: { width: 1_280, height: 800 } });
      await page.goto(url);
      return {
        /** Waits until the page has received so many locks. */
        shows: (locks) =>
          page.waitForFunction(
            (wanted) => Number(document.querySelector("[role=grid]")?.getAttribute("aria-rowcount")) > wanted,
            locks,
            { timeout: 60_000 },
          ),
        framesPerSecond: (length) => page.evaluate(countFrames, length),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}

/** Runs in the page. Frames a second within `length` ms. */
const countFrames = (length) =>
  new Promise((resolve) => {
    let first = null;
    let frames = -1;
    const frame = (now) => {
      first ??= now;
      frames += 1;
      if (now - first < length) requestAnimationFrame(frame);
      else resolve((frames * 1_000) / (now - first));
    };
    requestAnimationFrame(frame);
  });
