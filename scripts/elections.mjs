/**
 * Measures how fast the next candidate leads, over three real servers: npm run elections -- [RESIGNATIONS [DEATHS]]
 * Three candidates, each in a process of its own, take turns: first the leader resigns, then the leader is killed and replaced.
 * Fails if a next leader took longer than a second after a resignation (p99), or than the ttl and a second after a death.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { startServers } from "../bench/servers.mjs";

const program = fileURLToPath(new URL("elections/candidate.mjs", import.meta.url));
const [resignations = 200, deaths = 20] = process.argv.slice(2).map(Number);
const ttl = 2_000;
const limits = { resigned: 1_000, died: ttl + 1_000 };

const { ports, stop } = await startServers(3);
const nodes = ports.map((port) => `redis://127.0.0.1:${port}`);
/** The current leader. Null if there is none. */
let leader = null;
/** Called with the time at which a candidate was elected, in ms of the clock that all processes share. */
let onElected = () => {};
/** Resolves when the candidate campaigns. */
async function start() {
  const child = fork(program, [String(ttl), ...nodes]);
  child.on("message", ({ elected, deposed }) => {
    if (deposed && leader === child) leader = null;
    if (elected === undefined) return;
    leader = child;
    onElected(elected);
  });
  await once(child, "message");
  return child;
}
const now = () => Number(process.hrtime.bigint()) / 1e6;
const nextElection = () =>
  new Promise((resolve) => {
    onElected = resolve;
  });

const candidates = new Set();
for (let count = 0; count < 3; count++) candidates.add(await start());

/** Ends the current leadership by `end`. Returns the ms until the next one begins. */
async function change(end) {
  // On a busy machine, a leader may have lost its lease by itself.
  if (leader === null) await nextElection();
  const elected = nextElection();
  const ended = end(leader);
  return (await elected) - ended;
}

const took = { resigned: [], died: [] };
try {
  for (let count = 0; count < resignations; count++) {
    const resign = (child) => {
      const at = now();
      child.send("resign");
      return at;
    };
    took.resigned.push(await change(resign));
  }
  for (let count = 0; count < deaths; count++) {
    const kill = (child) => {
      const at = now();
      child.kill("SIGKILL");
      candidates.delete(child);
      return at;
    };
    took.died.push(await change(kill));
    candidates.add(await start());
  }
} finally {
  for (const child of candidates) child.kill("SIGKILL");
  stop();
}

const share = (times, part) => times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0;
let late = false;
for (const [how, times] of Object.entries(took)) {
  times.sort((one, other) => one - other);
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => Math.round(share(times, part)));
  console.log(
    `${how}, ${times.length} times: the next leads after ${p50} ms (median), ${p99} ms (p99), ${most} ms (most); limit ${limits[how]} ms`,
  );
  late ||= (how === "died" ? most : p99) > limits[how];
}
console.log(`load of the machine ${loadavg()[0].toFixed(1)}, ttl ${ttl} ms`);
process.exitCode = late ? 1 : 0;
