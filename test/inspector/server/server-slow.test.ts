import { afterEach, expect, test } from "vitest";
import type { Frame } from "../../../src/inspector/feed/frames.js";
import { beat, locksOf, lockView, stepOf } from "../frames-made-up.js";
import { Reader } from "./reader.js";
import { closeAll, type Served, serve } from "./served.js";

afterEach(closeAll);

/** So many that the system's own buffers cannot take them. */
const many = Array.from({ length: 15_000 }, (_, index) =>
  lockView(`lock-${index}`, { resources: [`${index}-${"x".repeat(250)}`, `${"y".repeat(250)}`] }),
);

function fill({ hub }: Served): void {
  hub.receive(beat());
  for (let from = 0; from < many.length; from += 200) hub.receive(locksOf(...many.slice(from, from + 200)));
}

/** Tells some hundreds of kilobytes; the last of them has this number. */
function tell({ hub }: Served, number: number): void {
  for (let index = 0; index < 200; index += 1) {
    const lock = lockView("lock-0", { resources: ["x".repeat(900)], attempts: index === 199 ? number : 0 });
    hub.receive(stepOf(lock, "RENEW", "held"));
  }
}

test("who does not read is dropped, and everybody else is told as before", async () => {
  const served = await serve();
  fill(served);
  const quick = await Reader.open(served.port);
  const last = many.at(-1)?.id;
  const hasLast = (frame: Frame) => frame.kind === "locks" && frame.locks.some(({ id }) => id === last);
  await quick.hears("how things are", hasLast, 15_000);
  const slow = await Reader.open(served.port);
  slow.stall();
  for (let number = 1; served.hub.readers === 2; number += 1) {
    expect(number).toBeLessThan(100);
    tell(served, number);
    const isIt = (frame: Frame) => frame.kind === "steps" && frame.steps[0]?.lock.attempts === number;
    await quick.hears(`number ${number}`, isIt);
  }
  expect(quick.ended).toBe(false);
  served.hub.receive(beat("another"));
  await quick.hears("another", ({ source }) => source === "another");
  // It comes again, and is told how things are.
  const again = await Reader.open(served.port);
  await again.hears("another", ({ source }) => source === "another", 15_000);
}, 120_000);

test("who reads slowly is told how things are to the end, and then what has come meanwhile", async () => {
  const served = await serve();
  fill(served);
  const slow = await Reader.open(served.port);
  slow.stall();
  served.hub.receive(beat("meanwhile"));
  served.hub.receive(stepOf(lockView("lock-7", { state: "expired" }), "EXPIRED", "held"));
  slow.readOn();
  await slow.hears("the step", ({ kind }) => kind === "steps", 15_000);
  const places = slow.frames.map(({ kind, source }) => `${kind} of ${source}`);
  expect(places.lastIndexOf("locks of here")).toBeLessThan(places.indexOf("beat of meanwhile"));
  const told = slow.frames.flatMap((frame) => (frame.kind === "locks" ? frame.locks : []));
  expect(new Set(told.map(({ id }) => id)).size).toBe(many.length);
}, 120_000);

test("when more happens than can be told, readers start anew", async () => {
  const served = await serve();
  served.hub.receive(beat());
  const reader = await Reader.open(served.port);
  for (let index = 0; index <= 2_000; index += 1) served.hub.receive(beat());
  await expect.poll(() => reader.ended).toBe(true);
  expect(served.hub.readers).toBe(0);
});
