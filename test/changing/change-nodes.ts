import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type RedisServer, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { LockProcess, restart, type Stage } from "./process.js";
import { type Figures, Witness } from "./witness.js";

const command = fileURLToPath(new URL("../../dist/esm/cli.js", import.meta.url));
/** ms. */
const ttl = 10_000;
const processes = 5;
const holders = 20;
const shortLocksPerSecond = 50;
const contended = Array.from({ length: 10 }, (_, index) => `short-${index}`);
/** ms for which the load runs before the first change and after the last one, on which the removed servers are stopped. */
const margin = 10_000;
/** ms; more than the time for which the records of sets that are no longer in use are kept. */
const patience = 300_000;
/** The numbers of nodes, one after the other. */
const sizes = [1, 3, 5, 3];

/** Changes the nodes by the procedure, and then without it; prints figures. Resolves with the exit code. */
export async function changeNodes(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "string" } } });
  const [figures, warnedAfter] = [await byProcedure(), await withoutProcedure()];
  print(figures, warnedAfter);
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify({ ...figures, warnedAfter }));
  const { overlaps, lost, disorderedFences, failed, warnings } = figures;
  return overlaps + lost + disorderedFences + failed + warnings.length === 0 && warnedAfter !== null ? 0 : 1;
}

async function byProcedure(): Promise<Figures> {
  const witness = new Witness();
  const servers = await startAll(Array.from({ length: Math.max(...sizes) }, () => () => startServer()));
  const addresses = servers.map(({ url }) => url);
  let running: LockProcess[] = [];
  const moveTo = async (stage: Stage) => {
    for (const [index, one] of running.entries()) running[index] = await restart(one, stage, witness);
  };
  try {
    const first = { nodes: addresses.slice(0, sizes[0]) };
    running = worksOf(processes).map((work) => new LockProcess(work, first, witness));
    await Promise.all(running.map(({ ready }) => ready));
    // A single new server has no memory yet, and a process warns of that once.
    witness.warnings.length = 0;
    await sleep(margin);
    for (const [at, size] of sizes.slice(1).entries()) {
      const [previous, nodes] = [addresses.slice(0, sizes[at]), addresses.slice(0, size)];
      const [begun, seconds] = [performance.now(), () => ((performance.now() - begun) / 1_000).toFixed(0)];
      await moveTo({ nodes, previous });
      say(`${sizes[at]} -> ${size}: all processes have both sets after ${seconds()} s`);
      await setsFinding({ nodes, previous }, ({ ready }) => ready === true);
      say(`${sizes[at]} -> ${size}: the doctor allows to leave the previous nodes out after ${seconds()} s`);
      await moveTo({ nodes });
      say(`${sizes[at]} -> ${size}: all processes have the new nodes alone after ${seconds()} s`);
      if (at < sizes.length - 2) {
        await setsFinding({ nodes }, (value) => Array.isArray(value) && value.length === 1);
        say(`${sizes[at]} -> ${size}: no other set is recorded any more after ${seconds()} s`);
      }
    }
    await stopAll(servers.slice(sizes.at(-1)));
    await sleep(margin);
  } finally {
    await endAll(running, servers);
  }
  for (const line of [...witness.losses, ...witness.failures, ...witness.warnings]) say(line);
  return witness.figures;
}

/** Runs processes with one node and with three side by side. Resolves with the ms until a warning; null: none came. */
async function withoutProcedure(): Promise<number | null> {
  const witness = new Witness();
  const servers = await startAll(Array.from({ length: 3 }, () => () => startServer()));
  const addresses = servers.map(({ url }) => url);
  const running: LockProcess[] = [];
  try {
    const [one, other] = worksOf(2);
    for (const [work, nodes] of [
      [one, addresses.slice(0, 1)],
      [other, addresses],
    ] as const) {
      if (work !== undefined) running.push(new LockProcess({ ...work, held: [] }, { nodes }, witness));
      await running.at(-1)?.ready;
    }
    const begun = performance.now();
    while (performance.now() - begun < 90_000) {
      if (witness.warnings.includes("MEMBERSHIP_MISMATCH")) return performance.now() - begun;
      await sleep(100);
    }
    return null;
  } finally {
    await endAll(running, servers);
  }
}

const worksOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    owner: `process-${index}`,
    ttl,
    held: Array.from({ length: holders / count }, (_, at) => `held-${index}-${at}`),
    contended: [...contended.slice(index), ...contended.slice(0, index)],
    interval: (1_000 * count) / shortLocksPerSecond,
  }));

async function endAll(running: readonly LockProcess[], servers: readonly RedisServer[]): Promise<void> {
  const stopped = Promise.all(running.map((one) => one.stop()));
  await Promise.race([stopped, sleep(30_000, undefined, { ref: false })]);
  for (const one of running) one.kill();
  await stopAll(servers);
}

interface Change {
  readonly from?: number;
  readonly to?: number;
  readonly ready?: boolean;
  readonly waits?: readonly string[];
}

/** Asks the doctor until its finding about the sets in use has such a value. @throws if that takes too long. */
async function setsFinding(
  stage: Stage,
  isAwaited: (value: Change & readonly string[]) => boolean,
): Promise<void> {
  const begun = performance.now();
  let last: unknown;
  while (performance.now() - begun < patience) {
    last = await askDoctor(stage);
    if (isAwaited(last as Change & readonly string[])) return;
    await sleep(2_000);
  }
  throw new Error(`the doctor still finds ${JSON.stringify(last)}`);
}

async function askDoctor({ nodes, previous = [] }: Stage): Promise<unknown> {
  const args = [
    ...nodes.flatMap((address) => ["--node", address]),
    ...previous.flatMap((address) => ["--previous-node", address]),
  ];
  const json = await new Promise<string>((resolve) => {
    // It exits with 1 for warnings: the servers are on one machine.
    execFile(process.execPath, [command, "doctor", "--json", ...args], (_, stdout) => resolve(stdout));
  });
  const { set } = JSON.parse(json) as { set: { code: string; value: unknown }[] };
  return set.find(({ code }) => code === "sets")?.value ?? {};
}

function print(figures: Figures, warnedAfter: number | null): void {
  const ms = (value: number) => `${Math.round(value).toLocaleString("en")} ms`;
  const rows: [string, string | number][] = [
    ["overlaps", figures.overlaps],
    ["leases lost", figures.lost],
    ["fences out of order", figures.disorderedFences],
    ["acquisitions that failed", figures.failed],
    ["warnings", figures.warnings.length],
    ["short locks", figures.shortLocks],
    ["long leases", figures.longLeases],
    ["longest time without a grant", ms(figures.longestGap)],
    ["longest wait for a short lock", ms(figures.longestWait)],
    ["longest time without a holder, during a restart", ms(figures.longestVacancy)],
    ["without the procedure, warned after", warnedAfter === null ? "never" : ms(warnedAfter)],
  ];
  for (const [name, value] of rows) say(`${name}: ${value}`);
}

const say = (line: string) => void process.stdout.write(`${line}\n`);
