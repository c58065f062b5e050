/**
 * Runs the package at a git revision and the present one side by side over the same servers, under load:
 * npm run side-by-side [-- revision [seconds]]
 * Several processes of each version contend for few keys, with short and long ttls, fences, waiting in line, and handovers
 * in both directions, over one server and over three, of which one is restarted empty in between. `holdfast watch` of both
 * versions listens to all of them. Fails if two processes held a key at the same time, a fence was not the highest, a
 * process was kept waiting in vain, or a process was not seen.
 */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { startServers } from "../bench/servers.mjs";
import { buildPresent, buildRevision } from "./side-by-side/packages.mjs";
import { fencesOutOfOrder, overlapsOf, turnsOf } from "./side-by-side/witness.mjs";

const [revision = "535c1e5", seconds = "20"] = process.argv.slice(2);
const processesOfEach = 2;
const worker = join(import.meta.dirname, "side-by-side/worker.mjs");
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Starts a process that locks. Forwards its handovers to a process of the other version. */
function start(version, folder, index, nodes, until, all) {
  const name = `${version}-${index}`;
  const env = {
    ...process.env,
    PACKAGE: folder,
    NAME: name,
    NODES: nodes.join(","),
    UNTIL: String(until),
    // The older version has no holdAtLeast.
    KEPT: version === "present" ? "1" : "",
  };
  const child = fork(worker, { env });
  const one = { name, version, child, result: null };
  one.ready = new Promise((resolve) => {
    child.on("message", (message) => {
      if (message.ready) resolve();
      if (message.spans) one.result = message;
      if (message.handover) {
        const others = all.filter((other) => other.version !== version && other.child.connected);
        others[Math.floor(Math.random() * others.length)]?.child.send({ adopt: message.handover });
      }
    });
    child.once("exit", resolve);
  });
  one.ended = once(child, "exit");
  all.push(one);
  return one;
}

/** Runs `holdfast watch` of one version. Resolves to the owners that it saw, and what it wrote to stderr. */
function watch(folder, nodes, duration) {
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const main = join(folder, bin.holdfast);
  const args = [main, "watch", "--json", "--for", duration, ...nodes.flatMap((node) => ["--node", node])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [rest, complaints, frames] = ["", "", 0];
  const owners = new Set();
  child.stderr.on("data", (data) => {
    complaints += data;
  });
  child.stdout.on("data", (data) => {
    const lines = (rest + data).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const frame = JSON.parse(line);
      frames++;
      if (frame.kind === "beat") owners.add(frame.owner);
    }
  });
  return once(child, "close").then(() => ({ owners, complaints, frames }));
}

async function marksOf(ports) {
  return Promise.all(
    ports.map(async (port) => {
      const client = new Redis(port);
      const marker = (await client.get("holdfast:memory")) ?? "none";
      client.disconnect();
      return marker.startsWith("single-") ? "used alone" : "used";
    }),
  );
}

async function run(size, folders) {
  const { ports, restart, stop } = await startServers(size);
  const nodes = ports.map((port) => `redis://127.0.0.1:${port}`);
  const ms = Number(seconds) * 1_000;
  // Processes start for a second or two.
  const until = now() + ms + 3_000;
  const all = [];
  const watching = Object.entries(folders).map(async ([version, folder]) => [
    version,
    await watch(folder, nodes, `${Number(seconds) + 2}s`),
  ]);
  for (let index = 0; index < processesOfEach; index++)
    for (const [version, folder] of Object.entries(folders)) start(version, folder, index, nodes, until, all);
  await Promise.all(all.map(({ ready }) => ready));
  const marks = await marksOf(ports);
  // The restart of an only node legitimately loses the leases.
  if (size > 1) {
    await sleep(ms / 3);
    await restart(0);
  }
  await Promise.all(all.map(({ ended }) => ended));
  const seen = Object.fromEntries(await Promise.all(watching));
  stop();
  return report(size, all, seen, marks);
}

function report(size, all, seen, marks) {
  const spans = all.flatMap(({ result }) => result?.spans ?? []);
  const overlaps = overlapsOf(spans);
  const unordered = fencesOutOfOrder(spans);
  const { changed, stayed } = turnsOf(spans);
  const faults = [];
  const print = (text) => console.log(`  ${text}`);
  console.log(`${size} server${size === 1 ? "" : "s"} (${marks.join(", ")}), ${all.length} processes:`);
  for (const { name, result } of all) {
    if (result === null) {
      faults.push(`${name} did not report`);
      continue;
    }
    const { counts, errors } = result;
    const wait = `${Math.round(counts.longestWait)} ms`;
    print(
      `${name}: ${counts.granted} grants, longest wait ${wait}, handed over ${counts.gave}, adopted ${counts.adopted}`,
    );
    for (const [kind, count] of Object.entries(errors)) print(`    ${count} × ${kind}`);
    if (counts.granted === 0 || Object.keys(errors).some((kind) => kind.includes("ACQUIRE_TIMEOUT")))
      faults.push(`${name} waited in vain`);
  }
  print(`grants in turn: ${changed} to the other version, ${stayed} to the same version`);
  for (const [version, { owners, frames, complaints }] of Object.entries(seen)) {
    print(`holdfast watch, ${version}: ${frames} frames of ${[...owners].sort().join(", ")}`);
    if (complaints !== "") print(`    ${complaints.trim().replaceAll("\n", "\n      ")}`);
    if (owners.size < all.length)
      faults.push(`${version} watch saw ${owners.size} of ${all.length} processes`);
  }
  print(`overlaps: ${overlaps.length}; fences out of order: ${unordered.length}`);
  for (const pair of [...overlaps, ...unordered].slice(0, 10)) print(`    ${JSON.stringify(pair)}`);
  if (overlaps.length > 0) faults.push("two processes held a key at the same time");
  if (unordered.length > 0) faults.push("a fence was not the highest");
  for (const fault of faults) print(`FAULT: ${fault}`);
  return faults.length === 0;
}

const folders = { older: buildRevision(revision), present: buildPresent() };
console.log(`${revision} and the present version, ${seconds} s each`);
let sound = true;
for (const size of [1, 3]) sound = (await run(size, folders)) && sound;
const load = loadavg().map((one) => one.toFixed(1));
console.log(`load average of the machine: ${load.join(", ")}`);
process.exit(sound ? 0 : 1);
