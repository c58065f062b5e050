import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

type Role = Parameters<Page["getByRole"]>[0];
type Name = string | RegExp;

const maxClicks = 2;
/** In ms. */
const maxTime = 10_000;

/**
 * Somebody who has never seen the page's code: finds what is needed by its role and its visible text alone, and clicks and types.
 * Counts the clicks and the time.
 */
export class Operator {
  private clicks = 0;
  private readonly began = performance.now();

  constructor(private readonly page: Page) {}

  /** What is visible, in words. */
  see(role: Role, name?: Name): Locator {
    return this.page.getByRole(role, name === undefined ? {} : { name }).filter({ visible: true });
  }

  async click(role: Role, name: Name): Promise<void> {
    this.clicks += 1;
    await this.see(role, name).first().click();
  }

  /** Leaves the page of a resource, which a page with few resources begins with. */
  async showAll(): Promise<void> {
    const back = this.see("link", "← All locks");
    const listed = this.see("row").filter({ has: this.page.getByRole("link") });
    // The page decides with the first locks that it hears of.
    await back.or(listed).first().waitFor();
    if ((await back.count()) > 0) await this.click("link", "← All locks");
  }

  async type(role: Role, name: Name, text: string): Promise<void> {
    await this.see(role, name).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Waits until the text of what has this role matches. */
  async reads(role: Role, name: Name | undefined, expected: RegExp): Promise<void> {
    const texts = async () =>
      (await this.see(role, name).allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
    await expect.poll(texts).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
  }

  /** The first row of the list. */
  async readsFirst(expected: RegExp): Promise<void> {
    const first = this.see("grid", "Resources")
      .getByRole("row")
      .filter({ has: this.page.getByRole("link") })
      .first();
    await expect
      .poll(async () => (await first.allInnerTexts()).join(" ").replace(/\s+/g, " "))
      .toMatch(expected);
  }

  expectQuick(): void {
    expect(this.clicks).toBeLessThanOrEqual(maxClicks);
    expect(performance.now() - this.began).toBeLessThan(maxTime);
  }
}
