import { afterEach, expect, test, vi } from "vitest";
import { BoundedStdout } from "../../../src/cli/watch/bounded-stdout.js";

afterEach(() => vi.restoreAllMocks());

test("the lines that wait for a slow reader are bounded; further lines are left out and counted at the end", async () => {
  const unread = vi.spyOn(process.stdout, "writableLength", "get").mockReturnValue(9 * 1024 * 1024);
  const complaint = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const printed = new BoundedStdout();
  const write = vi.fn();
  for (let n = 0; n < 3; n += 1) printed.print(write);
  expect(write).not.toHaveBeenCalled();
  unread.mockReturnValue(0);
  printed.print(write);
  expect(write).toHaveBeenCalledTimes(1);
  await printed.end();
  expect(complaint).toHaveBeenCalledWith(
    "holdfast: left out 3 lines, which came faster than they were read\n",
  );
});

test("a reader that was never too slow gets no message", async () => {
  const complaint = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await new BoundedStdout().end();
  expect(complaint).not.toHaveBeenCalled();
});
