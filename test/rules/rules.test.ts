import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("each rule's test fails where the rule is switched off in one way", { timeout: 600_000 }, async () => {
  // What marks this process as one of Vitest's is not for the runs that the script starts.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^TEST$/.test(name)),
  );
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/rules.mjs", "--few"], { env });
  expect(stdout).toMatch(/rules: [1-9]\d* of \d+ switches caught, 0 missed/);
});
