/**
 * Installs the packed package beside every runtime, client, bundler, package manager, compiler and test runner, runs it there
 * on every kind of server, and writes what happened to docs/support.md. Needs a build, Debian's apt-get and the registry of npm:
 *
 *   npm run matrix -- [GROUP…]
 *
 * With names of groups only those are run, and only their tables are replaced. Ends with exit code 1 if anything fails.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { groups } from "./matrix/groups.mjs";
import { pack } from "./matrix/project.mjs";
import { removeProjects, runGroup } from "./matrix/run.mjs";
import { startMatrixServers } from "./matrix/smoke/servers.mjs";
import { replacePart, tableOf } from "./matrix/table.mjs";

const page = "docs/support.md";
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !groups.some(({ id }) => id === name));
if (unknown.length > 0) {
  console.error(`no such group: ${unknown.join(", ")}; there are ${groups.map(({ id }) => id).join(", ")}`);
  process.exit(1);
}

const started = Date.now();
const { servers, stop } = await startMatrixServers();
const packed = await pack();
let failed = 0;
let cells = 0;
const write = (id, text) => writeFileSync(page, replacePart(readFileSync(page, "utf8"), id, text));
try {
  for (const group of groups.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
    const results = await runGroup(group, packed.tarball, servers);
    cells += results.length;
    failed += results.filter(({ outcome }) => outcome.startsWith("fails")).length;
    write(group.id, tableOf(group, results));
  }
} finally {
  await removeProjects();
  await packed.remove();
  await stop();
}
const minutes = Math.ceil((Date.now() - started) / 60_000);
if (wanted.length === 0) {
  const day = new Date().toISOString().slice(0, 10);
  write("run", `Last whole run: ${day}, ${cells} outcomes, ${failed} failures, ${minutes} minutes.`);
}
console.log(`${cells} outcomes in ${minutes} minutes: ${failed === 0 ? "none fails" : `${failed} fail`}`);
process.exitCode = failed === 0 ? 0 : 1;
