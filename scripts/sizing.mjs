/**
 * Measures what locks cost a Redis server: npm run sizing
 * Starts three servers without persistence, and reads the memory, the script calls, the bytes and the connections of the
 * first one. Prints the figures of docs/operating.md.
 */
import { Redis } from "ioredis";
import { startServers } from "../bench/servers.mjs";
import { createLocks } from "../dist/esm/index.js";

const locksHeld = 10_000;
const short = { ttl: 60_000, renew: false };
const long = { ttl: 3_600_000, renew: false };

const { ports, stop } = await startServers(3);
const addressesOf = (of) => of.map((port) => `redis://127.0.0.1:${port}`);
const nodes = addressesOf(ports);
const server = new Redis(ports[0]);
const managers = [];
const manager = () => {
  const locks = createLocks({ nodes, ttl: 60_000 });
  managers.push(locks);
  return locks;
};

const info = async (section, field) =>
  Number(new RegExp(`^${field}:(\\d+)`, "m").exec(await server.info(section))?.[1]);
const scriptCalls = async () =>
  [...(await server.info("commandstats")).matchAll(/^cmdstat_(?:eval|evalsha):calls=(\d+)/gm)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
/** The highest memory of a connection of each kind. */
async function bytesOfConnections() {
  const clients = String(await server.client("LIST"))
    .trim()
    .split("\n");
  const highest = (of) => Math.max(...of.map((line) => Number(/ tot-mem=(\d+)/.exec(line)?.[1])));
  const listening = clients.filter((line) => / sub=[1-9]| psub=[1-9]/.test(line));
  return [highest(clients.filter((line) => !listening.includes(line))), highest(listening)];
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const resource = (index) => `orders:${String(index).padStart(8, "0")}`;

/** What `run` adds to a figure. */
async function added(read, run) {
  const before = await read();
  await run();
  return (await read()) - before;
}

/** Acquires `locksHeld` locks, a hundred at a time. */
async function hold(locks, options) {
  for (let first = 0; first < locksHeld; first += 100) {
    const batch = Array.from({ length: 100 }, (_, index) => locks.acquire(resource(first + index), options));
    await Promise.all(batch);
  }
}

/** Bytes of a fresh server for one lock, with its share of the hash tables. */
async function memoryPerLock(options) {
  const own = await startServers(3);
  const locks = createLocks({ nodes: addressesOf(own.ports), ttl: 60_000 });
  const first = new Redis(own.ports[0]);
  await (await locks.acquire("first", options)).release();
  const used = async () => Number(/^used_memory:(\d+)/m.exec(await first.info("memory"))?.[1]);
  const bytes = await added(used, () => hold(locks, options));
  first.disconnect();
  await locks.close();
  own.stop();
  return Math.round(bytes / locksHeld);
}

/** Script calls that one of a thousand operations, one after the other, takes. */
async function callsOf(operations, operation) {
  await pause(300);
  const calls = await added(scriptCalls, async () => {
    for (let index = 0; index < operations; index++) await operation(index);
    await pause(300);
  });
  return calls / operations;
}

const rows = [];
const report = (what, value) => {
  rows.push([what, value]);
  console.log(`${what}: ${value}`);
};

const version = /redis_version:(\S+)/.exec(await server.info("server"))?.[1];
report("Redis", version);

const bare = await info("clients", "connected_clients");
const locks = manager();
await locks.ready();
report("connections of a process", (await info("clients", "connected_clients")) - bare);

const received = () => info("stats", "total_net_input_bytes");
const sent = () => info("stats", "total_net_output_bytes");
const [receivedBefore, sentBefore] = [await received(), await sent()];
report(
  "script calls of acquire and release",
  await callsOf(1_000, async (index) => (await locks.acquire(resource(index), short)).release()),
);
report("bytes received and sent for both", [
  Math.round(((await received()) - receivedBefore) / 1_000),
  Math.round(((await sent()) - sentBefore) / 1_000),
]);
const lease = await locks.acquire("renewed", short);
report("script calls of a renewal", await callsOf(1_000, () => lease.renew()));
await lease.release();
report(
  "script calls of acquire with a fence",
  await callsOf(1_000, async (index) =>
    (await locks.acquire(resource(index), { ...short, fence: true })).release(),
  ),
);

const holder = manager();
const held = await holder.acquire("contended", short);
const waiters = Array.from({ length: 50 }, () => manager());
await Promise.all(waiters.map((one) => one.ready()));
const before = await info("clients", "connected_clients");
const waits = waiters.map(async (one) =>
  (await one.acquire("contended", { ...short, wait: 120_000 })).release(),
);
await pause(3_000);
report(
  "further connections of a process that waits",
  ((await info("clients", "connected_clients")) - before) / 50,
);
report("bytes of a connection that is used, and of one that listens", await bytesOfConnections());
const asked = await added(scriptCalls, () => pause(10_000));
report("script calls a second of a process that waits", asked / 10 / 50);
const more = Array.from({ length: 1_000 }, () =>
  waiters[0].acquire("contended", { ...short, wait: 15_000 }).catch(() => {}),
);
await pause(1_000);
const same = await added(scriptCalls, () => pause(10_000));
report("the same, with 1,000 more waiters in one of the processes", same / 10 / 50);
await Promise.all(more);
const queueBytes = await server.memory("USAGE", (await server.keys("holdfast:queue:*"))[0], "SAMPLES", "0");
report("bytes of the queue of 50 waiters", queueBytes);
await held.release();
await Promise.all(waits);
await Promise.all(waiters.map((one) => one.close()));

report("bytes of a lock", await memoryPerLock(short));
report("bytes of a lock with a fence", await memoryPerLock({ ...short, fence: true }));
report("bytes of a lock with a ttl of an hour", await memoryPerLock(long));

await Promise.all(managers.map((one) => one.close()));
server.disconnect();
stop();
