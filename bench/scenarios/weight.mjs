/** The time to import each system, the files that this loads, and its installed size. */
import { execFileSync, spawn } from "node:child_process";
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

/** Counts the files of code that an import loads. V8 reports each as a script. */
function filesLoadedBy(name) {
  const code = `
    const { Session } = await import("node:inspector");
    const session = new Session();
    session.connect();
    const files = new Set();
    session.on("Debugger.scriptParsed", ({ params: { url } }) => url.startsWith("file:") && files.add(url));
    session.post("Debugger.enable");
    files.clear();
    await import(${JSON.stringify(name)});
    console.log(files.size);
    process.exit();`;
  const args = ["--input-type=module", "--eval", code];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

async function run(plan, progress) {
  const packages = Object.fromEntries(lockNames.map((name) => [name, systemNamed(name).package]));
  progress("import times");
  const names = ["nothing", ...Object.keys(packages)];
  const code = (name) => (name === "nothing" ? "" : `import ${JSON.stringify(packages[name])}`);
  for (const name of names) await lifetime(code(name));
  const times = await inTurns(names, plan.rounds, (name) => lifetime(code(name)));
  progress("loaded files, install sizes");
  const results = {};
  for (const [name, folder] of Object.entries(packages)) {
    const importing = median(times[name]) - median(times.nothing);
    const files = filesLoadedBy(folder);
    results[name] = { importing, times: times[name], files, ...installedSizes(folder) };
  }
  return { ...plan, results };
}

export const weight = { title: "import and install", plans, run };
