import "../production.mjs";
import { setTimeout as sleep } from "node:timers/promises";
import { controlOf } from "../control.mjs";
import { load } from "../load.mjs";
import { openSession } from "../session.mjs";
import { serve } from "./serve.mjs";

const atOnce = 200;

const total = (values) => values.reduce((sum, value) => sum + value, 0);

/** Collects garbage twice, in separate ticks, because weakly held objects are freed a tick later. Returns the heap in bytes. */
async function heap() {
  for (let times = 0; times < 2; times++) {
    await sleep(20);
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

/** Acquires `leases` leases, `atOnce` at a time. Returns the number of failures. */
async function takeAll(hold, leases, releases, onLost) {
  let next = 0;
  let failed = 0;
  const taker = async () => {
    while (next < leases) {
      try {
        releases.push(await hold(`held:${next++}`, onLost));
      } catch {
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, taker));
  return failed;
}

/** Blocks the event loop for `block` of each `period` ms, until the returned function is called. */
function keepBusy({ block, period }) {
  const timer = setInterval(() => {
    const end = performance.now() + block;
    while (performance.now() < end);
  }, period);
  return () => clearInterval(timer);
}

serve(async ({ name, leases, ttl, window, ports, busy }) => {
  const session = await openSession(name, { ports, ttl, patient: false });
  const control = controlOf(ports);
  await load({ acquire: session.acquire, callers: atOnce, duration: 300 });
  await control.flush();

  return async () => {
    const before = await heap();
    const releases = [];
    let lost = 0;
    const onLost = () => {
      lost++;
    };
    const failed = await takeAll(session.hold, leases, releases, onLost);
    const sent = session.sent();
    const processed = await control.processed();
    const serverCpu = await control.cpu();
    const cpu = process.cpuUsage();
    const start = performance.now();
    const beIdle = busy && keepBusy(busy);
    await sleep(window);
    beIdle?.();
    const seconds = (performance.now() - start) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const share = (user + system) / 1e6 / seconds;
    const serverCpuAfter = await control.cpu();
    const processedAfter = await control.processed();
    // A lease is lost when a quorum no longer has its key, whether or not the loss was reported.
    const keys = (await control.keys()).sort((a, b) => b - a)[ports.length >> 1];
    const sentAfter = session.sent();
    return {
      commands: (sentAfter - sent) / ports.length / seconds,
      processed: (processedAfter[0] - processed[0]) / seconds,
      cpu: share,
      // The mean of the servers, as shares of a core.
      serverCpu: (total(serverCpuAfter) - total(serverCpu)) / ports.length / seconds,
      cpuPerLease: (share * 1e6) / leases,
      heapPerLease: ((await heap()) - before) / leases,
      failed,
      reported: lost,
      lost: Math.max(lost, leases - failed - keys, 0),
    };
  };
});
