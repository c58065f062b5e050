import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { managerEvents } from "../../src/lock/events.js";
import { instrumentLocks, prometheusOf } from "../../src/telemetry.js";
import { TestNodes } from "../manager/test-nodes.js";
import { caught } from "../safety/scripted-locks.js";
import { noteSecrets } from "../support/noted-secrets.js";
import { recordMetrics, recordSpans } from "./recorders.js";

it("no span, metric, log line or channel message has a token in it", async () => {
  const world = new TestNodes(3);
  const { random, secrets } = noteSecrets();
  const messages: unknown[] = [];
  const log = (...line: unknown[]) => void messages.push(line);
  const logger = { debug: log, info: log, warn: log, error: log };
  const onMessage = (message: unknown) => void messages.push(message);
  for (const name of managerEvents) subscribe(`holdfast:${name}`, onMessage);
  const options = { ttl: 1_000, nodeTimeout: 100, random, logger };
  const [ours, theirs] = [world.locks(options), world.locks({ ...options, owner: "other" })];
  const [spans, metrics] = [recordSpans(), recordMetrics()];
  for (const locks of [ours, theirs]) {
    instrumentLocks(locks, { tracerProvider: spans.provider, meterProvider: metrics.provider });
  }
  const prometheus = await prometheusOf([ours, theirs]);

  const lease = await world.run(ours.acquire("a", { fence: true }));
  await world.run(caught(theirs.acquire("a", { wait: 300 })));
  await world.clock.advance(600);
  const note = lease.handover();
  const adopted = await world.run(theirs.adopt(note));
  await world.run(caught(ours.adopt(note)));
  await adopted.release();
  await world.run(ours.acquire("b"));
  for (const node of world.nodes) node.hang();
  await world.clock.advance(2_000);
  await world.run(caught(ours.acquire("c", { wait: 200 })));
  await world.run(Promise.all([ours, theirs].map((locks) => locks.close({ timeout: 10 }))));
  for (const name of managerEvents) unsubscribe(`holdfast:${name}`, onMessage);

  for (const { name, attributes, events, links, status } of spans.all()) {
    messages.push({ name, attributes, events, links, status });
  }
  messages.push(await metrics.collect(), await prometheus?.text());
  await prometheus?.stop();
  const written = messages
    .map((item) => inspect(item, { depth: 12, maxArrayLength: null, maxStringLength: null }))
    .join("\n");
  // The first secret of each manager names its acquisitions by eight characters and is part of no token.
  const tokens = secrets.slice(2);
  expect(tokens.length).toBeGreaterThan(5);
  expect(tokens.filter((token) => written.includes(token))).toEqual([]);
  expect(written).not.toContain(note);
  for (const present of ["tokenHash", "holdfast.hold", "holdfast_lock_losses_total", "holdfast: expired"]) {
    expect(written).toContain(present);
  }
});
