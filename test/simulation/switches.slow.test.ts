import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** Some entries of sim/switch-list.mjs that need only a few seeds. */
const some = [
  "a minority is enough",
  "no quarantine",
  "only nodes that granted",
  "the signal is not aborted",
];

it("detects that a rule is switched off", async () => {
  const only = some.flatMap((text) => ["--only", text]);
  const { stdout } = await promisify(execFile)(process.execPath, [
    "sim/main.mjs",
    "--switches",
    "--jobs",
    "1",
    "--actions",
    "40",
    ...only,
  ]);
  for (const text of some) expect(stdout).toMatch(new RegExp(`${text}: \\d+ seeds, `));
  expect(stdout).not.toContain("MISSED");
}, 180_000);
