import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { findChromium } from "../../../support/chromium.js";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Exposes the exact heap size.
  "--enable-precise-memory-info",
  "--js-flags=--expose-gc",
];

/** Time in ms for an element to appear on the page. */
const actionTimeout = 10_000;

let browser: Browser | undefined;

/** One browser for all tests of a file. It may have to be downloaded first. */
export function useBrowser(): void {
  beforeAll(async () => {
    const { command, env } = await findChromium();
    browser = await chromium.launch({
      executablePath: command,
      // Playwright accepts no undefined variables; there are none.
      env: { ...(process.env as Record<string, string>), ...env },
      args: flags,
    });
  }, 300_000);
  afterAll(() => browser?.close());
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  readonly reducedMotion?: boolean;
}

/** A page, and the problems that it caused. */
export interface Visit {
  readonly page: Page;
  /** Errors, policy violations, and requests to other hosts than the server, in words. */
  readonly trouble: string[];
}

/** Opens the page in a new browser context without data of other visits, which ends with the test. */
export async function visit(url: string, look: Look = {}): Promise<Visit> {
  const { width = 1_280, height = 800, theme = "light", reducedMotion = false } = look;
  if (browser === undefined) throw new Error("There is no browser: call useBrowser() in the file");
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: reducedMotion ? "reduce" : "no-preference",
    serviceWorkers: "block",
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(actionTimeout);
  const trouble: string[] = [];
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") trouble.push(message.text());
  });
  const { origin } = new URL(url);
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) trouble.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return { page, trouble };
}

/** Asserts that the page caused no problems. */
export const expectNoTrouble = ({ trouble }: Visit): void => expect(trouble).toEqual([]);
