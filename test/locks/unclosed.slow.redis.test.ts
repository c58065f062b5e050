import { describe, expect, it } from "vitest";
import { sharedServers } from "../support/shared-servers.js";
import { runFixture } from "./child.js";

const port = String(sharedServers()[0]?.port);

describe("a process that has not closed its locks", () => {
  it("is told why it does not end, and where the locks were created", { timeout: 60_000 }, async () => {
    const { lines, stderr } = await runFixture("unclosed", ["forgotten", port]).ended;
    expect(lines).toEqual([
      "done",
      expect.stringMatching(
        /^LOCKS_NOT_CLOSED nothing but the connections of locks .* created at \S*unclosed\.mjs:13:15$/,
      ),
    ]);
    expect(stderr).toContain("Call locks.close() when the program has finished");
  });

  it("hears nothing of it while something else keeps it alive, or while a lock is held", {
    timeout: 60_000,
  }, async () => {
    const variants = ["server", "timer", "stdin", "client", "held"];
    const all = await Promise.all(variants.map((variant) => runFixture("unclosed", [variant, port]).ended));
    expect(all.map(({ lines, code }) => [...lines, code])).toEqual(variants.map(() => ["done", 0]));
  });
});
