import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { builtCommand } from "./support/build.js";

const run = promisify(execFile);

/** What Yarn's hooks tell of themselves: the version, and where they lie. Notes each program that starts with them. */
const hooks = `
  const { appendFileSync } = require("node:fs");
  const Module = require("node:module");
  const resolve = Module._resolveFilename;
  Module._resolveFilename = (name, ...rest) => (name === "pnpapi" ? __filename : resolve(name, ...rest));
  process.versions.pnp = "3";
  appendFileSync(__dirname + "/started", process.argv[1] + "\\n");
`;
const loader =
  'import { appendFileSync } from "node:fs"; appendFileSync(new URL("loaded", import.meta.url), "x");';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-hooks-"));
  await writeFile(join(folder, ".pnp.cjs"), hooks);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Starts and ends a watchdog, in a process with these options. Resolves with what the processes wrote to stderr. */
async function startWatchdog(...options: readonly string[]): Promise<string> {
  const link = pathToFileURL(join(dirname(await builtCommand()), "watchdog-link.js")).href;
  const program = join(folder, "program.mjs");
  await writeFile(
    program,
    `import { WatchdogLink } from ${JSON.stringify(link)};
    const watchdog = new WatchdogLink(() => {});
    await watchdog.start();
    await watchdog.finish();`,
  );
  const { stderr } = await run(process.execPath, [...options, program]);
  return stderr;
}

/** The programs that started with the hooks. The thread of a loader starts with them too. */
const started = async () => [
  ...new Set((await readFile(join(folder, "started"), "utf8")).trim().split("\n")),
];

test("under Yarn Plug'n'Play the watchdog starts with Yarn's hooks, by which its files are found", async () => {
  expect(await startWatchdog("--require", join(folder, ".pnp.cjs"))).toBe("");
  expect(await started()).toEqual([
    expect.stringMatching(/program\.mjs$/),
    expect.stringMatching(/watchdog\.js$/),
  ]);
});

test("and with Yarn's loader of ES modules, if there is one, without a warning of Node.js", async () => {
  await writeFile(join(folder, ".pnp.loader.mjs"), loader);
  expect(await startWatchdog("--require", join(folder, ".pnp.cjs"))).toBe("");
  expect(await readFile(join(folder, "loaded"), "utf8")).toBe("x");
  expect(await started()).toEqual(expect.arrayContaining([expect.stringMatching(/watchdog\.js$/)]));
});
