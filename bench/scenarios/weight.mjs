/** The time to import each system, and its installed size. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { installedSizes } from "../install-size.mjs";
import { median } from "../stats.mjs";
import { lockNames, systemNamed } from "../systems.mjs";
import { inTurns } from "../turns.mjs";

const plans = { full: { rounds: 15 }, quick: { rounds: 3 } };

async function lifetime(code) {
  const start = performance.now();
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: "inherit" });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`${code} failed`);
  return performance.now() - start;
}

async function run(plan, progress) {
  const packages = Object.fromEntries(lockNames.map((name) => [name, systemNamed(name).package]));
  progress("import times");
  const names = ["nothing", ...Object.keys(packages)];
  const code = (name) => (name === "nothing" ? "" : `import ${JSON.stringify(packages[name])}`);
  for (const name of names) await lifetime(code(name));
  const times = await inTurns(names, plan.rounds, (name) => lifetime(code(name)));
  progress("install sizes");
  const results = {};
  for (const [name, folder] of Object.entries(packages)) {
    const importing = median(times[name]) - median(times.nothing);
    results[name] = { importing, times: times[name], ...installedSizes(folder) };
  }
  return { ...plan, results };
}

export const weight = { title: "import and install", plans, run };
