/**
 * Switches each safety rule off, one at a time, in a copy of the sources, and checks that its test then fails. A rule is
 * not tested if the test still passes.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { write as generateScripts } from "./lua/generate.mjs";
import { findSwitch, readSources, switchedOff } from "./switches/find.mjs";
import { switches } from "./switches/rules.mjs";

const root = resolve(import.meta.dirname, "..");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const run = promisify(execFile);
let missed = 0;

/** Runs the tests and returns their report, whether they pass or fail. */
async function report(copy, args) {
  try {
    return (await run(process.execPath, args, { cwd: copy, timeout: 240_000, maxBuffer: 64 << 20 })).stdout;
  } catch ({ stdout }) {
    return stdout ?? "";
  }
}

/** Whether `npm test` runs files whose path starts like this; searches run in test:full as well, with more seeds. */
const inNpmTest = (tests) =>
  readdirSync(join(root, dirname(tests))).some(
    (name) => name.startsWith(basename(tests)) && !name.includes(".slow."),
  );

const placeOf = ([, off, file, from]) => ({ off, file, from });

async function trySwitch(entry) {
  const [rule, off, , , to, tests, name] = entry;
  const place = places.get(entry);
  const copy = mkdtempSync(join(tmpdir(), "holdfast-rules-"));
  try {
    for (const part of ["src", "test", "vitest.config.ts", "package.json", "tsconfig.json"]) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, place.path), switchedOff(sources, place, to));
    // What is switched off may have been the only use of something.
    if (place.path.endsWith(".lua")) generateScripts(copy, { allowUnused: true });
    const project = tests.includes(".redis") ? "redis" : "unit";
    const names = inNpmTest(tests) ? [project] : [`${project}, slow`, `${project}, long`];
    const projects = names.flatMap((one) => ["--project", one]);
    // A test that times out has failed too.
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

/** Finds the code of all switches, even of those that are not tried. */
const sources = readSources(root);
const places = new Map(switches.map((one) => [one, findSwitch(sources, placeOf(one))]));

// `--few`: only the first switch of each rule. `--only TEXT`: only switches whose rule or description contains TEXT.
const few = process.argv.includes("--few");
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
const chosen = switches.filter(([rule, off], index) => {
  if (few) return switches.findIndex(([other]) => other === rule) === index;
  return `${rule} ${off}`.includes(only ?? "");
});

// Tries two switches at a time, each in its own copy.
const left = [...chosen];
const worker = async () => {
  for (let next = left.shift(); next !== undefined; next = left.shift()) await trySwitch(next);
};
await Promise.all([worker(), worker()]);
console.log(`rules: ${chosen.length - missed} of ${switches.length} switches caught, ${missed} missed`);
process.exitCode = missed === 0 ? 0 : 1;
