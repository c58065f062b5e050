/**
 * Switches each rule of safety off, one at a time, in a copy of the sources, and checks that its test then fails.
 * A rule whose test still passes without it is not tested.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { findSwitch, readSources, switchedOff } from "./switches/find.mjs";
import { switches } from "./switches/rules.mjs";

const root = resolve(import.meta.dirname, "..");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const run = promisify(execFile);
let missed = 0;

/** The tests' report, however they ended. */
async function report(copy, args) {
  try {
    return (await run(process.execPath, args, { cwd: copy, timeout: 240_000, maxBuffer: 64 << 20 })).stdout;
  } catch ({ stdout }) {
    return stdout ?? "";
  }
}

const placeOf = ([, off, file, from]) => ({ off, file, from });

async function tryOut(one) {
  const [rule, off, , , to, tests, name] = one;
  const place = places.get(one);
  const copy = mkdtempSync(join(tmpdir(), "holdfast-rules-"));
  try {
    for (const part of ["src", "test", "vitest.config.ts", "package.json", "tsconfig.json"]) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, place.path), switchedOff(sources, place, to));
    const project = tests.includes(".redis") ? "redis" : "unit";
    const projects = ["--project", project, "--project", `${project}, slow`];
    // A test that waits for what never comes has failed, too.
    const args = [vitest, "run", ...projects, "--reporter", "json", "--testTimeout", "30000", tests];
    if (name !== undefined) args.push("--testNamePattern", name);
    const stdout = await report(copy, args);
    const start = stdout.indexOf("{");
    const failed = start < 0 ? 0 : JSON.parse(stdout.slice(start)).numFailedTests;
    if (failed === 0) missed++;
    console.log(`${failed > 0 ? "caught" : "MISSED"}  rule ${rule}: ${off} (${failed} failed in ${tests})`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Each must be found, also those that are not tried. */
const sources = readSources(root);
const places = new Map(switches.map((one) => [one, findSwitch(sources, placeOf(one))]));

// `--few`: one a rule, the first. `--only TEXT`: those whose rule or description has it.
const few = process.argv.includes("--few");
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
const chosen = switches.filter(([rule, off], index) => {
  if (few) return switches.findIndex(([other]) => other === rule) === index;
  return `${rule} ${off}`.includes(only ?? "");
});

// Two at a time: each has a copy of its own.
const left = [...chosen];
const worker = async () => {
  for (let next = left.shift(); next !== undefined; next = left.shift()) await tryOut(next);
};
await Promise.all([worker(), worker()]);
console.log(`rules: ${chosen.length - missed} of ${switches.length} switches caught, ${missed} missed`);
process.exitCode = missed === 0 ? 0 : 1;
