import { SpanStatusCode } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { instrumentLocks, prometheusOf } from "../../src/telemetry.js";
import { locksOf, ownServers } from "../locks/support.js";
import { aborted } from "../support/aborted.js";
import { waitUntil } from "../support/servers.js";
import { samplesOf, sumOf } from "./exposition.js";
import { msOf, recordMetrics, recordSpans, total } from "./recorders.js";

it("a quorum that hangs is reported in order: failed renewals, the loss, the nodes", async () => {
  const servers = await ownServers(3);
  const locks = locksOf(
    servers.map(({ url }) => url),
    { ttl: 2_000, nodeTimeout: 200 },
  );
  const [spans, metrics] = [recordSpans(), recordMetrics()];
  instrumentLocks(locks, { tracerProvider: spans.provider, meterProvider: metrics.provider });
  const prometheus = await prometheusOf([locks]);
  const lease = await locks.acquire("a");
  const lost = aborted(lease.signal);
  await waitUntil("it was renewed", 5_000, () => spans.named("renew").length > 0);
  await Promise.all([servers[0]?.suspend(), servers[1]?.suspend()]);
  await lost;

  const [acquire, hold] = [spans.only("acquire"), spans.only("hold")];
  expect(acquire.spanContext().traceId).toBe(hold.spanContext().traceId);
  expect(hold.status).toEqual({ code: SpanStatusCode.ERROR, message: "the lease is over: deadline" });
  expect(hold.events.length).toBeGreaterThan(0);
  expect(hold.events[0]?.attributes).toMatchObject({
    "holdfast.votes.granted": 1,
    "holdfast.votes.failures": [0, 1].map((index) => `redis://127.0.0.1:${servers[index]?.port}: timeout`),
  });
  // By the SDK's own time. The lease lasts at least one ttl less drift, because it was renewed.
  expect(msOf(hold)).toBeGreaterThan(1_950);
  const renewals = spans.named("renew").map(({ status }) => status.code);
  expect(renewals.slice(0, 2)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.ERROR]);

  await waitUntil("both nodes count as down", 5_000, async () => {
    await locks.tryAcquire("b").catch(() => {});
    return total(await metrics.collect(), "holdfast.node.state", { "holdfast.node.state": "down" }) === 2;
  });
  const points = await metrics.collect();
  expect(total(points, "holdfast.lock.losses", { "holdfast.reason": "deadline" })).toBe(1);
  expect(total(points, "holdfast.lock.quorum_losses")).toBe(hold.events.length);
  const node = { "holdfast.node.name": `redis://127.0.0.1:${servers[2]?.port}` };
  expect(total(points, "holdfast.node.request.duration", node)).toBeGreaterThan(2);
  const samples = samplesOf((await prometheus?.text()) ?? "");
  expect(sumOf(samples, "holdfast_lock_losses_total")).toBe(1);
  expect(sumOf(samples, "holdfast_node_state", { holdfast_node_state: "down" })).toBe(2);
  await prometheus?.stop();
});
