import { afterEach, expect, test } from "vitest";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { closeAll, serve } from "../server/served.js";
import { expectNoTrouble, useBrowser, visit } from "./support/browser.js";
import { ManyLocks } from "./support/many-locks.js";

useBrowser();
afterEach(closeAll);

const locks = 6;
const steps = 30;

const start = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Three seconds of a few locks. */
function recorded(): Frame[] {
  const source = new ManyLocks(locks);
  const frames = [...source.frames(start)];
  for (let step = 1; step <= steps; step += 1) {
    const time = start + step * 100;
    frames.push(source.steps(1, time), source.beat(time));
  }
  return frames;
}

test("a recording is played, stopped, scrubbed and stepped through, by mouse and by keyboard", async () => {
  const { server } = await serve({ recording: recorded() });
  const visited = await visit(server.url);
  const { page } = visited;
  const position = page.locator(".position");
  const clock = page.locator(".replay-clock");
  await expect.poll(() => position.textContent()).toBe(`step 0 of ${steps}`);
  expect(await page.locator(".connection").textContent()).toBe("replay");
  expect(await page.locator(".row").count()).toBe(locks);
  const begun = await clock.textContent();

  await page.locator("body").press("Space");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.getByRole("combobox", { name: "Speed" }).selectOption("10");
  await expect.poll(() => position.textContent(), { timeout: 10_000 }).toBe(`step ${steps} of ${steps}`);
  // Playback stops at the end.
  await page.getByRole("button", { name: "Play" }).waitFor();
  expect(await clock.textContent()).not.toBe(begun);

  await page.getByRole("button", { name: "Step back" }).click();
  expect(await position.textContent()).toBe(`step ${steps - 1} of ${steps}`);
  await page.keyboard.press("Home");
  await expect.poll(() => clock.textContent()).toBe(begun);
  const states = () => page.locator(".row .state").allTextContents();
  const first = await states();
  await page.keyboard.press("ArrowRight");
  await expect.poll(states).not.toEqual(first);
  await page.keyboard.press("ArrowLeft");
  await expect.poll(states).toEqual(first);
  await page.keyboard.press("End");
  await expect.poll(() => position.textContent()).toBe(`step ${steps} of ${steps}`);

  // The slider is linear in time.
  const slider = page.getByRole("slider", { name: "Time" });
  await slider.fill(String(start + 1_200));
  await expect.poll(() => position.textContent()).toBe(`step 12 of ${steps}`);
  expect(page.url()).toMatch(new RegExp(`[?]at=${start + 1_200}$`));
  await page.reload();
  await expect.poll(() => position.textContent()).toBe(`step 12 of ${steps}`);
  expectNoTrouble(visited);
});

test("a replay is local and continues when its server is gone", async () => {
  const { server } = await serve({ recording: recorded() });
  const visited = await visit(server.url);
  const { page } = visited;
  await page.getByText(`step 0 of ${steps}`).waitFor();
  await closeAll();
  await page.keyboard.press("ArrowRight");
  await page.getByText(`step 1 of ${steps}`).waitFor();
  expectNoTrouble(visited);
});

test("a page with a token needs the token in its address only once", async () => {
  const token = "a-token-of-16-and-more";
  const { hub, server } = await serve({}, { token });
  for (const frame of new ManyLocks(12).frames(Date.now())) hub.receive(frame);
  const { page } = await visit(`${server.url}?token=${token}`);
  await expect.poll(() => page.locator(".row").count()).toBe(12);
  expect(page.url()).toBe(server.url);
  await page.reload();
  await expect.poll(() => page.locator(".row").count()).toBe(12);
});
