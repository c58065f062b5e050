/** The scenarios of scripts/matrix/runners under the fake timers of each test runner. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const jest = (version, environment) => ({
  packages: [`jest@${version}`, `jest-environment-jsdom@${version}`],
  files: ["jest.test.cjs"],
  config: { "jest.config.json": { testEnvironment: environment, testMatch: ["**/{jest,page}.test.cjs"] } },
  page: "Jest",
  command: ["node_modules/jest/bin/jest.js", "--config", "jest.config.json"],
});

const tools = {
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
const runnerTimeout = 180_000;

/** The number of passed tests in the output of Jest, Vitest, node:test and Mocha. */
const passed = [/^Tests:.*?(\d+) passed/m, /^ *Tests .*?(\d+) passed/m, /^# pass (\d+)/m, /^ *(\d+) passing/m];

/** A program of docs/testing.md. */
function programOf(title) {
  const text = readFileSync(join(here, "../../docs/testing.md"), "utf8");
  return new RegExp(`^### ${title}\\n[^]*?^\`\`\`js\\n([^]*?)^\`\`\``, "m").exec(text)[1];
}

const row = (name, { files, config = {}, page, command }) => ({
  project: name,
  label: name,
  what: "a lock under fake timers: every scenario passes",
  async run(project) {
    for (const [file, json] of Object.entries(config)) await project.write(file, JSON.stringify(json));
    for (const file of ["scenarios.cjs", ...files]) {
      await project.write(file, readFileSync(join(here, "runners", file), "utf8"));
    }
    if (page !== undefined) await project.write("page.test.cjs", programOf(page));
    const env = { NODE_OPTIONS: "--disable-warning=HoldfastWarning" };
    const output = await project.run(process.execPath, command, { env, timeout: runnerTimeout, withErrors: true });
    const count = Number(passed.map((pattern) => pattern.exec(output)?.[1]).find((text) => text !== undefined) ?? 0);
    if (count === 0) throw new Error(`no test has passed: ${output}`);
  },
});

export const runners = {
  id: "runners",
  projects: Object.fromEntries(Object.entries(tools).map(([name, { packages }]) => [name, { packages }])),
  rows: Object.entries(tools).map(([name, tool]) => row(name, tool)),
};
