import type { Page } from "playwright-core";

/** The states that the open lock's chart lights, one after the other, from now on. */
export class LitStates {
  private constructor(private readonly page: Page) {}

  static async of(page: Page): Promise<LitStates> {
    await page.waitForSelector("[data-chart=lock] .leaf.lit");
    await page.evaluate(() => {
      const lit: string[] = [];
      const look = () => {
        const state = document.querySelector("[data-chart=lock] .leaf.lit")?.getAttribute("data-state");
        if (state !== undefined && state !== null) lit.push(state);
      };
      const chart = document.querySelector("[data-chart=lock]");
      // The chart is drawn anew with each step, also where the state stays the same.
      if (chart !== null) new MutationObserver(look).observe(chart, { childList: true });
      Object.assign(window, { lit });
    });
    return new LitStates(page);
  }

  read(): Promise<string[]> {
    // Put there above.
    return this.page.evaluate(() => (window as unknown as { lit: string[] }).lit);
  }
}
