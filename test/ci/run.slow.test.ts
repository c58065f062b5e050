import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/wait-until.js";

const RUN = fileURLToPath(new URL("../../.ci/run", import.meta.url));
const timeout = 60_000;
const results = JSON.stringify({ numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, success: true });
/** A command that takes longer than the budget of the run. */
const hangs = "exec sleep 100";

interface Parts {
  /** The shell script that replaces `npm test`. It writes its counts to `$results`. */
  readonly tests: string;
  /** The shell script that replaces `npm run test:all`. */
  readonly otherTests?: string;
  /** The shell script that replaces every other `npm` command. */
  readonly checks?: string;
  /** Seconds for the whole run and for both test commands. */
  readonly budget?: number;
  readonly testsBudget?: number;
}

/** Starts the CI run in a project with these scripts. */
async function start({
  tests,
  otherTests = write(results),
  checks = "exit 0",
  budget = 100,
  testsBudget = budget,
}: Parts) {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-ci-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "scripts"));
  await mkdir(join(folder, "bin"));
  await cp(RUN, join(folder, ".ci", "run"));
  for (const script of ["charts.mjs", "api.mjs"]) await writeFile(join(folder, "scripts", script), "");
  const npm = `#!/bin/sh
for last; do :; done
results="\${last#--outputFile.json=}"
case "$*" in
"test -- "*)
${tests}
;;
"run --ignore-scripts test:all -- "*)
${otherTests}
;;
*)
${checks}
esac
`;
  await writeFile(join(folder, "bin", "npm"), npm, { mode: 0o755 });
  const child = spawn(join(folder, ".ci", "run"), {
    env: {
      ...process.env,
      PATH: join(folder, "bin") + delimiter + process.env.PATH,
      CI_BUDGET: String(budget),
      CI_TESTS_BUDGET: String(testsBudget),
    },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (text += piece));
  const ended = once(child, "close").then(([code]) => ({
    code,
    text,
    last: text.trimEnd().split("\n").at(-1),
  }));
  return { child, ended, said: () => text };
}

const write = (counts: string) => `printf '%s' '${counts}' > "$results"`;

it("counts the tests of both commands and the checks in its last line", { timeout }, async () => {
  const { ended } = await start({ tests: write(results) });
  expect(await ended).toMatchObject({ code: 0, last: "21 passed, 0 failed" });
});

it("counts failed tests, skipped tests and failed checks", { timeout }, async () => {
  const counts = results.replace('"numFailedTests":0', '"numFailedTests":2').replace("true", "false");
  const failing = await start({ tests: `${write(counts)}\nexit 1`, checks: "exit 1" });
  expect(await failing.ended).toMatchObject({ code: 1, last: "16 passed, 7 failed" });
  const others = await start({ tests: write(results), otherTests: `${write(counts)}\nexit 1` });
  expect(await others.ended).toMatchObject({ code: 1, last: "21 passed, 2 failed" });
  const silent = await start({ tests: write(results), otherTests: "exit 0" });
  expect(await silent.ended).toMatchObject({ code: 1, last: "14 passed, 1 failed" });
  const skipping = await start({
    tests: write(results.replace('"numPendingTests":0', '"numPendingTests":3')),
  });
  expect(await skipping.ended).toMatchObject({ code: 1, last: "21 passed, 3 failed" });
});

it("reports tests that are cut off or have no time left as failed, and continues", {
  timeout,
}, async () => {
  const { ended } = await start({ tests: hangs, testsBudget: 4 });
  const { code, last, text } = await ended;
  expect({ code, last }).toEqual({ code: 1, last: "7 passed, 2 failed" });
  expect(text).toMatch(/== tests\n== cut off after [1-4] s\n== tests FAILED: no result/);
  expect(text).toMatch(
    /== all other tests\n== no time was left for it\n== all other tests FAILED: no result/,
  );
});

it("counts checks that are cut off or have no time left as failed", {
  timeout,
}, async () => {
  const { ended } = await start({ tests: write(results), checks: hangs, budget: 8 });
  const { code, last, text } = await ended;
  expect({ code, last }).toEqual({ code: 1, last: "14 passed, 7 failed" });
  expect(text).toContain("cut off after");
  expect(text).toContain("no time was left for it");
});

it("prints its last line when it is interrupted, and leaves no process running", { timeout }, async () => {
  const { child, ended, said } = await start({ tests: `echo "pid $$"\n${hangs}` });
  await waitUntil("the tests run", 20_000, () => /pid \d+/.test(said()));
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 1, last: "0 passed, 1 failed" });
  const pid = Number(/pid (\d+)/.exec(said())?.[1]);
  await waitUntil("the tests have ended", 20_000, () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
});
