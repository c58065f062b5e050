import type { Page } from "playwright-core";

/** Collects the states that the open lock's chart highlights from now on. */
export class HighlightedStates {
  private constructor(private readonly page: Page) {}

  static async of(page: Page): Promise<HighlightedStates> {
    await page.waitForSelector("[data-chart=lock] .leaf.lit");
    await page.evaluate(() => {
      const lit: string[] = [];
      const chart = document.querySelector<HTMLElement>("[data-chart=lock]");
      // `data-step` changes with each step, even if the state stays the same.
      const look = () => lit.push(chart?.dataset.lit ?? "");
      if (chart !== null) new MutationObserver(look).observe(chart, { attributeFilter: ["data-step"] });
      Object.assign(window, { lit });
    });
    return new HighlightedStates(page);
  }

  read(): Promise<string[]> {
    // Installed above.
    return this.page.evaluate(() => (window as unknown as { lit: string[] }).lit);
  }
}
