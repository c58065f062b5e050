/**
 * Installs the packed package beside each bundler, package manager, compiler and old Node.js, and writes what happened to
 * docs/compatibility.md. Needs a build, a Redis server and the registry: npm run compatibility -- [GROUP…]
 * With names of groups only those are run, and only their tables are replaced.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { startServers } from "../bench/servers.mjs";
import { groups } from "./compatibility/groups.mjs";
import { pack } from "./compatibility/project.mjs";
import { runGroup } from "./compatibility/run.mjs";
import { replaceTable } from "./compatibility/table.mjs";

const page = "docs/compatibility.md";
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !groups.some(({ id }) => id === name));
if (unknown.length > 0) {
  console.error(`no such group: ${unknown.join(", ")}; there are ${groups.map(({ id }) => id).join(", ")}`);
  process.exit(1);
}

const servers = await startServers(1);
const packed = await pack();
let failed = 0;
try {
  for (const group of groups.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
    const results = await runGroup(group, packed.tarball, `redis://127.0.0.1:${servers.ports[0]}`);
    failed += results.filter(({ outcome }) => outcome !== "works").length;
    writeFileSync(page, replaceTable(readFileSync(page, "utf8"), group, results));
  }
} finally {
  await packed.remove();
  servers.stop();
}
console.log(failed === 0 ? "all work" : `${failed} do not work`);
process.exitCode = failed === 0 ? 0 : 1;
