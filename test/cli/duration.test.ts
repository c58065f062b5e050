import { expect, test } from "vitest";
import { exactDuration, formatDuration, parseDuration } from "../../src/cli/duration.js";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5m", 90_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  ["250", 250],
  ["0", 0],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "s", "-1s", "1.5", "1e3", "10 s", "5 minutes", "1h30m", "99999999999999999d", "Infinity"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  [0, "0ms"],
  [6_000, "6s"],
  [1_500, "1500ms"],
  [90_000, "90s"],
  [172_800_000, "2d"],
])("%d ms is %s as an option has it", (ms, text) => {
  expect(exactDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [8_240, "8.2 s"],
  [30_000, "30 s"],
  [185_000, "3 min 5 s"],
  [7_800_000, "2 h 10 min"],
  [-5, "0 ms"],
])("%d ms is shown as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
