/**
 * Measures a rolling restart of three servers without persistence: npm run rolling-restart
 * Twenty leases are held and fifty short locks a second are acquired, by four managers, while each server is restarted in
 * turn as docs/doctor.md describes: restart, `holdfast doctor --wait`, next. Fails if a lease was lost, or if no lock was
 * granted for more than two seconds.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { startServers } from "../bench/servers.mjs";
import { createLocks } from "../dist/esm/index.js";

const main = fileURLToPath(new URL("../dist/esm/cli.js", import.meta.url));
const limits = { lost: 0, gapMs: 2_000 };
const load = { nodes: 3, managers: 4, holders: 20, shortPerSecond: 50, holdMs: 5, ttlMs: 10_000 };

const { ports, restart } = await startServers(load.nodes);
const nodes = ports.map((port) => `redis://127.0.0.1:${port}`);
const managers = Array.from({ length: load.managers }, () => createLocks({ nodes, ttl: load.ttlMs }));
await Promise.all(managers.map((locks) => locks.ready()));
let lost = 0;
for (const locks of managers) locks.on("expired", () => lost++);
const managerOf = (index) => managers[index % managers.length];

const leases = [];
for (let index = 0; index < load.holders; index++)
  leases.push(await managerOf(index).acquire(`holder-${index}`, { onLost: () => {} }));

let [granted, failed, lastGrant, longestGap] = [0, 0, performance.now(), 0];
const open = new Set();
async function shortLock(index) {
  try {
    const lease = await managerOf(index).acquire(`short-${index % 10}`);
    const now = performance.now();
    longestGap = Math.max(longestGap, now - lastGrant);
    [granted, lastGrant] = [granted + 1, now];
    await new Promise((resolve) => setTimeout(resolve, load.holdMs));
    await lease.release();
  } catch (error) {
    failed++;
    console.error(String(error));
  }
}
let next = 0;
const ticker = setInterval(() => {
  const job = shortLock(next++).finally(() => open.delete(job));
  open.add(job);
}, 1_000 / load.shortPerSecond);

async function doctor() {
  const args = [main, "doctor", "--wait", "5m", ...nodes.flatMap((node) => ["--node", node])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`holdfast doctor --wait exited with ${code}`);
}

const started = performance.now();
const seconds = (ms) => `${(ms / 1_000).toFixed(2)} s`;
for (const [index, node] of nodes.entries()) {
  const began = performance.now();
  await restart(index);
  const up = performance.now();
  await doctor();
  console.log(
    `${node}: restarted in ${seconds(up - began)}, ready after ${seconds(performance.now() - began)}`,
  );
}
const took = performance.now() - started;
clearInterval(ticker);
await Promise.all(open);
longestGap = Math.max(longestGap, performance.now() - lastGrant);
const held = leases.filter((lease) => lease.remaining() > 0).length;
await Promise.all(managers.map((locks) => locks.close()));

console.log(`rolling restart of ${load.nodes} servers, ttl ${load.ttlMs / 1_000} s: ${seconds(took)}`);
console.log(`leases held throughout: ${held} of ${load.holders}; lost: ${lost} (at most ${limits.lost})`);
console.log(`short locks granted: ${granted}, failed: ${failed}`);
console.log(`longest gap without a grant: ${seconds(longestGap)} (at most ${seconds(limits.gapMs)})`);
console.log(
  `load average of the machine: ${loadavg()
    .map((one) => one.toFixed(1))
    .join(", ")}`,
);
const kept = lost <= limits.lost && held === load.holders && longestGap <= limits.gapMs;
process.exit(kept ? 0 : 1);
