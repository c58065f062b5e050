/**
 * Records the life of one lock on three real Redis servers, for the animated picture of it: the lock is acquired, renewed, and
 * lost when two of the servers hang. Writes visualizations/charts/life.json, from which `npm run charts` draws the picture.
 */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { runnerImport } from "vite";
import { createLocks } from "../dist/esm/index.js";
import { serveInspector } from "../dist/esm/inspector.js";
import { formatted } from "./generated/files.mjs";

const file = "visualizations/charts/life.json";
const ttl = 3_000;

const { module } = await runnerImport("./test/support/servers.ts");
const servers = await Promise.all([1, 2, 3].map(() => module.startServer()));
const locks = createLocks({ nodes: servers.map(({ url }) => url), owner: "api-1", ttl, nodeTimeout: 150 });
const inspector = await serveInspector(locks, { port: 0 });
try {
  const handle = locks.handle("payouts:42", { onLost: () => {} });
  const happens = (event) => new Promise((resolve) => handle.once(event, resolve));
  await handle.acquire();
  for (let renewal = 0; renewal < 2; renewal++) await happens("renewed");
  await sleep(200);
  const lost = happens("expired");
  await Promise.all(servers.slice(1).map((server) => server.suspend()));
  await lost;
  for (const server of servers.slice(1)) server.resume();
  await sleep(900);
  await handle.acquire({ wait: 10_000 });
  await sleep(900);
  await handle.release();
  await sleep(500);
  const steps = await historyOf("payouts:42");
  const from = steps[0].time;
  const life = steps.map(({ time, event, from: left, to, lock }) => ({
    at: time - from,
    event,
    from: left,
    to,
    validFor: lock.validUntil === null ? null : lock.validUntil - time,
    votes: lock.round === null ? [] : lock.round.votes.map(({ kind }) => kind),
  }));
  writeFileSync(file, formatted(file, JSON.stringify({ resource: "payouts:42", ttl, steps: life })));
} finally {
  await inspector.close();
  await locks.close({ timeout: 500 }).catch(() => {});
  await Promise.all(servers.map((server) => server.stop()));
}

/** The steps that the inspector remembers of the only lock on this resource. */
async function historyOf(resource) {
  const stream = await fetch(`${inspector.url}events`);
  const reader = stream.body.getReader();
  let text = "";
  while (!/"id":"[^"]+"/.test(text)) text += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  const [, id] = /"id":"([^"]+)"/.exec(text);
  const answer = await fetch(`${inspector.url}history?lock=${encodeURIComponent(id)}`);
  const steps = await answer.json();
  if (steps[0]?.lock.resources[0] !== resource) throw new Error(`no steps of ${resource} were remembered`);
  return steps;
}
