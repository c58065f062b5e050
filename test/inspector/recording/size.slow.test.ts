import { expect, test } from "vitest";
import { chunkHeadBytes } from "../../../src/inspector/recording/chunk.js";
import { ChunkEncoder } from "../../../src/inspector/recording/chunk-encoder.js";
import { noon } from "../frames-of-all-kinds.js";
import { Night } from "./night.js";
import { clockAt } from "./stopped-clock.js";

/** HOLDFAST_HOURS=12 measures the whole night; otherwise a part of it stands for the rest. */
const hours = Number(process.env.HOLDFAST_HOURS ?? 0.25);

test("1,000 locks at 100 steps a second for 12 hours fit into 200 MB", async () => {
  const night = new Night(noon, { locks: 1_000, stepsPerSecond: 100, processes: 4 });
  const clock = clockAt(noon);
  let bytes = 0;
  let steps = 0;
  const encoder = new ChunkEncoder(clock, ({ payload }) => {
    bytes += payload.length + chunkHeadBytes;
  });
  for (let second = 0; second < hours * 3_600; second += 1) {
    for (let tenth = 0; tenth < 10; tenth += 1) {
      for (const frame of night.tick()) {
        clock.now = night.time;
        encoder.write(frame);
        if (frame.kind === "steps") steps += frame.steps.length;
      }
    }
    // As a recorder flushes in real time.
    await encoder.settle();
  }
  const night12 = (bytes * 12) / hours;
  console.log(`${steps} steps in ${(bytes / 1e6).toFixed(1)} MB; 12 hours: ${(night12 / 1e6).toFixed(0)} MB`);
  expect(steps).toBe(hours * 3_600 * 100);
  expect(night12).toBeLessThan(200e6);
}, 3_600_000);
