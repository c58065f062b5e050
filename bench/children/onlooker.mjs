/** Who looks on from a process of its own. Ready as soon as it sees something; told to, it says how much it has seen. */
import "../production.mjs";
import { once } from "node:events";
import { root } from "../packages.mjs";
import { serve } from "./serve.mjs";

const ways = {
  /** The events of the page, as a browser is sent them: in bytes. */
  async events({ url }) {
    const { body } = await fetch(new URL("events", url));
    const reader = body.getReader();
    let seen = (await reader.read()).value.length;
    const readOn = async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read()) seen += part.value.length;
    };
    readOn();
    return () => seen;
  },

  /** The page itself: in times that what it shows has changed. */
  async browser({ url }) {
    const { chromium } = await import("playwright-core");
    const { runnerImport } = await import("vite");
    const { module } = await runnerImport(`${root}test/support/chromium.ts`, { configFile: false });
    const { command, env } = await module.findChromium();
    const args = ["--no-sandbox", "--disable-gpu"];
    const browser = await chromium.launch({
      executablePath: command,
      env: { ...process.env, ...env },
      args,
    });
    const page = await browser.newPage();
    await page.goto(url);
    await page.evaluate(() => {
      globalThis.changes = 0;
      new MutationObserver(() => {
        globalThis.changes++;
      }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    await page.waitForFunction(() => globalThis.changes > 0);
    return async ({ leave }) => {
      const seen = await page.evaluate(() => globalThis.changes);
      if (leave) await browser.close();
      return seen;
    };
  },

  /** What is published, as `holdfast ui` hears it: in frames. */
  async channel({ ports }) {
    const { subscribeToFrames } = await import("../../dist/esm/inspector/publishing/frame-subscription.js");
    const { recogniseNode } = await import("../../dist/esm/clients/recognise.js");
    const nodes = ports.map((port, index) => recogniseNode(`redis://127.0.0.1:${port}`, index));
    let seen = 0;
    const first = new EventTarget();
    subscribeToFrames(nodes, () => {
      seen += 1;
      first.dispatchEvent(new Event("heard"));
    });
    await once(first, "heard");
    return () => seen;
  },
};

serve(({ way, ...where }) => ways[way](where));
