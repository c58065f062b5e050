import { afterEach, expect, test } from "vitest";
import { waitUntil } from "../support/wait-until.js";
import { endAll, startHoldfast } from "./support/holdfast.js";

afterEach(endAll);

test("Ctrl-C ends the demo early, with its summary; colours are used on request", async () => {
  const running = await startHoldfast(["demo"], { env: { FORCE_COLOR: "1", NO_COLOR: "" } });
  await waitUntil("the demo has begun", 30_000, () => running.stdout.includes("acquired"));
  running.kill("SIGINT");
  const { code, stdout } = await running.ended;
  expect(stdout).toContain("Summary");
  expect(stdout).toContain("\x1b[");
  expect(code).toBe(130);
}, 120_000);
