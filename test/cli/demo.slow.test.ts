import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCommand } from "./support/build.js";
import { endAll, startHoldfast } from "./support/holdfast.js";
import { isGone } from "./support/processes.js";

afterAll(endAll);
// Builds before the demo's time starts.
beforeAll(async () => void (await builtCommand()), 60_000);

const lasting = 9_000;

test("the demo shows every event of a lock on nodes in memory, and ends in time", async () => {
  const asked = performance.now();
  await (await startHoldfast(["--version"])).ended;
  const began = performance.now();
  const starting = began - asked;
  const running = await startHoldfast(["demo", "--for", `${lasting}ms`]);
  const { code, stdout, stderr } = await running.ended;
  // A busy machine may start Node.js as slowly as just before, or some times slower.
  expect(performance.now() - began).toBeLessThan(lasting + 5_000 + 5 * starting);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const events = ["acquired", "renewed", "quorum lost", "expired", "released"];
  for (const event of events) expect(stdout).toMatch(new RegExp(`\\d s +(ann|ben|cleo) .*${event}`));
  const expected = ["crashed", "empty memory", "healed", "hang", "quorum lost", "expired", "answer again"];
  const places = expected.map((words) => stdout.indexOf(words));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(stdout).toMatch(/overlaps 0, looked for at each of the \d+ entries/);
  const counted = (what: string) => Number(new RegExp(`${what} (\\d+)`).exec(stdout)?.[1]);
  const lines = (what: string) => stdout.split("\n").filter((line) => line.includes(`  ${what}`)).length;
  expect(counted("acquisitions")).toBe(lines("acquired"));
  expect(counted("renewals")).toBe(lines("renewed"));
  expect(counted("losses")).toBe(1);
  // No colours, because the output is a pipe.
  expect(stdout).not.toContain("\x1b");
  expect(isGone(running.pid)).toBe(true);
}, 120_000);
