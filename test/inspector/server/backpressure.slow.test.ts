import { afterEach, expect, test } from "vitest";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { beat, locksOf, lockView, stepOf } from "../sample-frames.js";
import { Reader } from "./reader.js";
import { closeAll, type Served, serve } from "./served.js";

afterEach(closeAll);

/** Too many frames for the system's own buffers. */
const many = Array.from({ length: 15_000 }, (_, index) =>
  lockView(`lock-${index}`, { resources: [`${index}-${"x".repeat(250)}`, `${"y".repeat(250)}`] }),
);

function fill({ hub }: Served): void {
  hub.receive(beat());
  for (let from = 0; from < many.length; from += 200) hub.receive(locksOf(...many.slice(from, from + 200)));
}

/** Sends some hundreds of kilobytes; the last frame has this number. */
function sendFrames({ hub }: Served, number: number): void {
  for (let index = 0; index < 200; index += 1) {
    const lock = lockView("lock-0", { resources: ["x".repeat(900)], attempts: index === 199 ? number : 0 });
    hub.receive(stepOf(lock, "RENEW", "held"));
  }
}

test("a reader that stops reading is dropped, and the others are not affected", async () => {
  const served = await serve();
  fill(served);
  const quick = await Reader.open(served.port);
  const last = many.at(-1)?.id;
  const hasLast = (frame: Frame) => frame.kind === "locks" && frame.locks.some(({ id }) => id === last);
  await quick.receives("how things are", hasLast, 15_000);
  const slow = await Reader.open(served.port);
  slow.stall();
  for (let number = 1; served.hub.readers === 2; number += 1) {
    expect(number).toBeLessThan(100);
    sendFrames(served, number);
    const isIt = (frame: Frame) => frame.kind === "steps" && frame.steps[0]?.lock.attempts === number;
    await quick.receives(`number ${number}`, isIt);
  }
  expect(quick.ended).toBe(false);
  served.hub.receive(beat("another"));
  await quick.receives("another", ({ source }) => source === "another");
  // The reader reconnects and receives the current state.
  const again = await Reader.open(served.port);
  await again.receives("another", ({ source }) => source === "another", 15_000);
}, 120_000);

test("a slow reader receives the whole snapshot, and then the frames that arrived meanwhile", async () => {
  const served = await serve();
  fill(served);
  const slow = await Reader.open(served.port);
  slow.stall();
  served.hub.receive(beat("meanwhile"));
  served.hub.receive(stepOf(lockView("lock-7", { state: "expired" }), "EXPIRED", "held"));
  slow.readOn();
  await slow.receives("the step", ({ kind }) => kind === "steps", 15_000);
  const places = slow.frames.map(({ kind, source }) => `${kind} of ${source}`);
  expect(places.lastIndexOf("locks of here")).toBeLessThan(places.indexOf("beat of meanwhile"));
  const received = slow.frames.flatMap((frame) => (frame.kind === "locks" ? frame.locks : []));
  expect(new Set(received.map(({ id }) => id)).size).toBe(many.length);
}, 120_000);

test("with too many frames at once, readers start over", async () => {
  const served = await serve();
  served.hub.receive(beat());
  const reader = await Reader.open(served.port);
  for (let index = 0; index <= 2_000; index += 1) served.hub.receive(beat());
  await expect.poll(() => reader.ended).toBe(true);
  expect(served.hub.readers).toBe(0);
});
