import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("the tests of each rule fail when the rule is switched off", { timeout: 600_000 }, async () => {
  // The Vitest runs that the script starts must not inherit the worker environment of this run.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^TEST$/.test(name)),
  );
  const run = promisify(execFile)(process.execPath, ["scripts/rules.mjs", "--few"], { env });
  // A failure includes the script's report of the missed switches.
  const { stdout, stderr } = await run.catch((failure: { stdout: string; stderr: string }) => failure);
  expect(stdout, stderr).toMatch(/rules: [1-9]\d* of \d+ switches caught, 0 missed/);
});
