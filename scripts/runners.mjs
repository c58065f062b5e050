/**
 * Runs the scenarios of scripts/runners under the fake timers of each test runner, with the packed package installed
 * beside the runner in a temporary folder, and prints a table. Exits with 1 if a scenario fails. The arguments select
 * runners: `node scripts/runners.mjs "jest 30"`. Needs a build and the package registry.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const jest = (version, environment) => ({
  packages: [`jest@${version}`, `jest-environment-jsdom@${version}`],
  files: ["jest.test.cjs"],
  config: { "jest.config.json": { testEnvironment: environment, testMatch: ["**/{jest,page}.test.cjs"] } },
  page: "Jest",
  command: ["node_modules/jest/bin/jest.js", "--config", "jest.config.json"],
});

const runners = {
  "jest 29, node": jest(29, "node"),
  "jest 29, jsdom": jest(29, "jsdom"),
  "jest 30, node": jest(30, "node"),
  "jest 30, jsdom": jest(30, "jsdom"),
  "vitest 4": {
    packages: ["vitest@4"],
    files: ["vitest.test.mjs"],
    command: ["node_modules/vitest/vitest.mjs", "run", "--pool=threads", "vitest.test.mjs"],
  },
  "node:test": {
    packages: [],
    files: ["node.test.mjs"],
    command: ["--test-reporter=tap", "node.test.mjs"],
  },
  sinon: {
    packages: ["@sinonjs/fake-timers@15", "mocha@11"],
    files: ["sinon.test.mjs"],
    command: ["node_modules/mocha/bin/mocha.js", "--timeout", "60000", "sinon.test.mjs"],
  },
};

const here = import.meta.dirname;
const chosen = process.argv.slice(2);
const names = Object.keys(runners).filter(
  (name) => chosen.length === 0 || chosen.some((one) => name.startsWith(one)),
);
const root = mkdtempSync(join(tmpdir(), "holdfast-runners-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true }));

const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", root];
const tarball = join(root, execFileSync("npm", pack, { cwd: join(here, ".."), encoding: "utf8" }).trim());

/** The counts in the output of Jest, Vitest, node:test and Mocha. */
const patterns = {
  passed: [/^Tests:.*?(\d+) passed/m, /^ *Tests .*?(\d+) passed/m, /^# pass (\d+)/m, /^ *(\d+) passing/m],
  failed: [/^Tests:.*?(\d+) failed/m, /^ *Tests .*?(\d+) failed/m, /^# fail (\d+)/m, /^ *(\d+) failing/m],
};
const count = (output, which) => {
  const found = patterns[which]
    .map((pattern) => pattern.exec(output)?.[1])
    .find((text) => text !== undefined);
  return Number(found ?? 0);
};

/** A program of docs/testing.md. */
function programOf(title) {
  const text = readFileSync(join(here, "..", "docs", "testing.md"), "utf8");
  return new RegExp(`^### ${title}\\n[^]*?^\`\`\`js\\n([^]*?)^\`\`\``, "m").exec(text)[1];
}

function run(name) {
  const { packages, files, config = {}, page, command } = runners[name];
  const folder = join(root, name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  for (const [file, json] of Object.entries(config)) writeFileSync(join(folder, file), JSON.stringify(json));
  for (const file of ["scenarios.cjs", ...files]) cpSync(join(here, "runners", file), join(folder, file));
  if (page !== undefined) writeFileSync(join(folder, "page.test.cjs"), programOf(page));
  const install = ["install", "--silent", "--no-audit", "--no-fund", tarball, ...packages];
  execFileSync("npm", install, { cwd: folder, stdio: "inherit" });
  const env = { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "--disable-warning=HoldfastWarning" };
  const { stdout, stderr, status } = spawnSync(process.execPath, command, {
    cwd: folder,
    env,
    encoding: "utf8",
    timeout: 180_000,
  });
  const output = `${stdout}\n${stderr}`;
  const result = { passed: count(output, "passed"), failed: count(output, "failed"), status };
  if (status !== 0 || result.passed === 0) console.log(output);
  return result;
}

const rows = [];
for (const name of names) rows.push([name, run(name)]);
console.log(`${"runner".padEnd(16)}  passed  failed`);
for (const [name, { passed, failed, status }] of rows) {
  const note = status === 0 ? "" : `  (exit code ${status})`;
  console.log(`${name.padEnd(16)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}${note}`);
}
process.exitCode =
  rows.length > 0 && rows.every(([, { passed, status }]) => status === 0 && passed > 0) ? 0 : 1;
