import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("each rule's test fails where the rule is switched off in one way", { timeout: 600_000 }, async () => {
  // The runs of Vitest that the script starts must not take themselves for workers of this one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^TEST$/.test(name)),
  );
  const run = promisify(execFile)(process.execPath, ["scripts/rules.mjs", "--few"], { env });
  // It also fails with its report, which says what was missed.
  const { stdout } = await run.catch((failure: { stdout: string }) => failure);
  expect(stdout).toMatch(/rules: [1-9]\d* of \d+ switches caught, 0 missed/);
});
