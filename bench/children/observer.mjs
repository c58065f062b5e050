/** An observer in its own process: ready once it has received something. Each order returns how much it has received. */
import "../production.mjs";
import { once } from "node:events";
import { root } from "../packages.mjs";
import { serve } from "./serve.mjs";

const ways = {
  /** Reads the page's events, as a browser does. Counts bytes. */
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

  /** Shows the page in a browser. Counts changes of the document. */
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
    return async ({ close }) => {
      const seen = await page.evaluate(() => globalThis.changes);
      if (close) await browser.close();
      return seen;
    };
  },

  /** Subscribes to published frames, as `holdfast ui` does. Counts frames. */
  async channel({ ports }) {
    const { subscribeToFrames } = await import("../../build/esm/inspector/publishing/frame-subscription.js");
    const { recogniseNode } = await import("../../build/esm/clients/recognise.js");
    const nodes = ports.map((port, index) => recogniseNode(`redis://127.0.0.1:${port}`, index));
    let seen = 0;
    const first = new EventTarget();
    subscribeToFrames(nodes, () => {
      seen += 1;
      first.dispatchEvent(new Event("received"));
    });
    await once(first, "received");
    return () => seen;
  },
};

serve(({ way, ...where }) => ways[way](where));
