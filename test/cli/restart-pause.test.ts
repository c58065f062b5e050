import { expect, test } from "vitest";
import { RestartPause } from "../../src/cli/restart-pause.js";

test("the pause doubles up to 30 s, and is short again after a command that ran for longer than that", () => {
  const pause = new RestartPause();
  const pauses = [1, 1, 1, 1, 1, 1, 1, 1].map((ran) => pause.after(ran));
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect([30_001, 1].map((ran) => pause.after(ran))).toEqual([500, 1_000]);
});
