import type { Page } from "playwright-core";

/** Collects the states that the open lock's chart highlights from now on. */
export class HighlightedStates {
  private constructor(private readonly page: Page) {}

  static async of(page: Page): Promise<HighlightedStates> {
    await page.waitForSelector("[data-chart=lock] .leaf.lit");
    await page.evaluate(() => {
      const lit: string[] = [];
      const look = () => {
        const state = document.querySelector("[data-chart=lock] .leaf.lit")?.getAttribute("data-state");
        if (state !== undefined && state !== null) lit.push(state);
      };
      const chart = document.querySelector("[data-chart=lock]");
      // The chart is redrawn with each step, even if the state stays the same.
      if (chart !== null) new MutationObserver(look).observe(chart, { childList: true });
      Object.assign(window, { lit });
    });
    return new HighlightedStates(page);
  }

  read(): Promise<string[]> {
    // Installed above.
    return this.page.evaluate(() => (window as unknown as { lit: string[] }).lit);
  }
}
