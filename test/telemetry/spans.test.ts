import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AlwaysOffSampler, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { instrumentLocks } from "../../src/telemetry.js";
import { TestNodes } from "../manager/test-nodes.js";
import { RedlockWorld } from "../redlock/world.js";
import { caught } from "../safety/scripted-locks.js";
import { wayTo } from "../support/way-to.js";
import { followContext, msOf, recordMetrics, recordSpans } from "./recorders.js";

/** Locks whose spans are recorded. */
function traced(locks: Locks, sampler?: AlwaysOffSampler) {
  const spans = recordSpans(sampler);
  const remove = instrumentLocks(locks, {
    tracerProvider: spans.provider,
    meterProvider: recordMetrics().provider,
  });
  return { ...spans, remove };
}

const idOf = (span: ReadableSpan) => span.spanContext().spanId;
const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;
const eventNames = ({ events }: ReadableSpan) => events.map(({ name }) => name);

describe("spans of a lock", () => {
  it("are its acquisition and its hold, which contains each renewal and the release", async () => {
    const world = new TestNodes(3);
    const locks = world.locks({ ttl: 1_000 });
    const spans = traced(locks);
    const lease = await world.run(locks.acquire("a", { fence: true }));
    await world.clock.advance(600);
    await lease.release();
    const [acquire, hold, renew, release] = [
      spans.only("acquire"),
      spans.only("hold"),
      spans.only("renew"),
      spans.only("release"),
    ];
    expect(spans.all()).toEqual([acquire, renew, release, hold]);
    expect([acquire, renew, release].map(({ kind }) => kind)).toEqual(Array(3).fill(SpanKind.CLIENT));
    expect([renew, release].map(parentOf)).toEqual([idOf(hold), idOf(hold)]);
    expect(hold.links.map((link) => link.context.spanId)).toEqual([idOf(acquire)]);
    expect(acquire.attributes).toMatchObject({
      "holdfast.lock.resources": ["a"],
      "holdfast.lock.owner": "me",
      "holdfast.attempts": 1,
      "holdfast.votes.granted": 2,
    });
    expect(hold.attributes).toMatchObject({
      "holdfast.lock.ttl": 1,
      "holdfast.lock.fence": lease.fence,
      "holdfast.outcome": "released",
    });
    expect(msOf(hold)).toBeCloseTo(600, 0);
    expect(spans.all().map(({ status }) => status.code)).toEqual(Array(4).fill(SpanStatusCode.UNSET));
    expect(new Set(spans.all().map((span) => span.attributes["holdfast.lock.acquisition"])).size).toBe(1);
    await locks.close();
  });

  it("are children of the span that was active at the acquisition, the hold too", async () => {
    followContext();
    const world = new TestNodes(3);
    const locks = world.locks();
    const spans = traced(locks);
    const tracer = spans.provider.getTracer("test");
    await tracer.startActiveSpan("job", async (job) => {
      const lease = await world.run(locks.acquire("a"));
      await lease.release();
      job.end();
    });
    const [job] = spans.all().filter(({ name }) => name === "job");
    const parents = ["acquire", "hold"].map((name) => parentOf(spans.only(name)));
    expect(parents).toEqual([job, job].map((span) => span && idOf(span)));
    await locks.close();
  });

  it("are one trace without an active span", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const spans = traced(locks);
    await (await world.run(locks.acquire("a"))).release();
    expect(parentOf(spans.only("acquire"))).toBeUndefined();
    expect(parentOf(spans.only("hold"))).toBe(idOf(spans.only("acquire")));
    await locks.close();
  });

  it("have an event for each failed attempt, with the reason and the delay", async () => {
    const world = new TestNodes(3);
    const other = world.locks({ owner: "other" });
    const held = await world.run(other.acquire("a"));
    const locks = world.locks({ retry: { count: 5, delay: 100, jitter: 0 } });
    const spans = traced(locks);
    const pending = locks.acquire("a");
    await world.clock.advance(10);
    await held.release();
    const lease = await world.run(pending);
    const acquire = spans.only("acquire");
    expect(acquire.attributes["holdfast.attempts"]).toBe(acquire.events.length + 1);
    expect(acquire.events[0]).toMatchObject({
      name: "holdfast.retry",
      attributes: {
        "holdfast.attempt": 1,
        "holdfast.reason": "contended",
        "holdfast.retry.delay": 0.1,
        "holdfast.votes.denied": 2,
      },
    });
    await lease.release();
    await Promise.all([locks.close(), other.close()]);
  });

  it("distinguish failures, with the error that the caller got", async () => {
    const world = new TestNodes(3);
    const other = world.locks({ owner: "other" });
    await world.run(other.acquire("a"));
    const locks = world.locks({ retry: { count: 0 }, nodeTimeout: 100 });
    const spans = traced(locks);
    const controller = new AbortController();
    const aborted = caught(locks.acquire("a", { retry: {}, signal: controller.signal }));
    controller.abort(new Error("not needed any more"));
    const errors = [
      await aborted,
      await world.run(caught(locks.acquire("a"))),
      await world.run(caught(locks.acquire("a", { retry: {}, wait: 200 }))),
    ];
    for (const node of world.nodes) node.hang();
    errors.push(await world.run(caught(locks.acquire("b"))));
    const closed = caught(locks.acquire("c", { retry: {} }));
    await world.run(locks.close({ timeout: 10 }));
    errors.push(await closed);
    const failed = spans.named("acquire");
    expect(failed.map((span) => span.attributes["error.type"])).toEqual([
      "aborted",
      "LOCK_CONTENDED",
      "ACQUIRE_TIMEOUT",
      "QUORUM_UNAVAILABLE",
      "MANAGER_CLOSED",
    ]);
    const messages = errors.map((error) => (error as Error).message);
    expect(failed.map(({ status }) => status)).toEqual(
      messages.map((message) => ({ code: SpanStatusCode.ERROR, message })),
    );
    const recorded = failed.map(({ events }) => events.at(-1)?.attributes?.["exception.message"]);
    expect(recorded).toEqual(messages);
    expect(failed[3]?.attributes).toMatchObject({
      "holdfast.reason": "noQuorum",
      "holdfast.votes.failures": ["node-0: timeout", "node-1: timeout", "node-2: timeout"],
    });
    expect(spans.named("hold")).toEqual([]);
    await world.run(other.close({ timeout: 0 }));
  });

  it("tolerate any value that an acquisition is aborted with", async () => {
    const world = new TestNodes(3);
    const other = world.locks({ owner: "other" });
    await world.run(other.acquire("a"));
    const locks = world.locks();
    const spans = traced(locks);
    const hostile = new Proxy(new Error("hidden"), {
      get: (_, name) => {
        if (name === "then") return undefined;
        throw new Error("do not look");
      },
    });
    for (const reason of ["a word", { password: "s3cret" }, hostile]) {
      const controller = new AbortController();
      const pending = caught(locks.acquire("a", { signal: controller.signal }));
      controller.abort(reason);
      await pending;
    }
    expect(spans.named("acquire").length).toBe(3);
    expect(
      JSON.stringify(spans.named("acquire").map(({ status, events }) => [status, events])),
    ).not.toContain("s3cret");
    await Promise.all([locks.close(), other.close()]);
  });

  it("show a lost quorum, and the lease that ends because of it", async () => {
    const world = new TestNodes(3);
    const locks = world.locks({ ttl: 1_000, nodeTimeout: 100 });
    const spans = traced(locks);
    await world.run(locks.acquire("a"));
    for (const node of world.nodes) node.hang();
    await world.clock.advance(1_100);
    const hold = spans.only("hold");
    expect(new Set(eventNames(hold))).toEqual(new Set(["holdfast.quorum_lost"]));
    expect(hold.events[0]?.attributes).toMatchObject({ "holdfast.votes.failed": 3 });
    expect(hold.events[0]?.attributes?.["holdfast.lock.remaining"]).toBeGreaterThan(0.3);
    expect(hold.status).toEqual({ code: SpanStatusCode.ERROR, message: "the lease is over: deadline" });
    expect(hold.attributes).toMatchObject({ "holdfast.outcome": "expired", "holdfast.reason": "deadline" });
    // A renewal may have been under way at the deadline.
    const { length } = hold.events;
    expect([length, length + 1]).toContain(spans.named("renew").length);
    for (const renew of spans.named("renew")) expect(renew.status.code).toBe(SpanStatusCode.ERROR);
    await world.run(locks.close({ timeout: 10 }));
  });

  it("show a lock that vanished from its nodes", async () => {
    const world = new TestNodes(3);
    const locks = world.locks({ ttl: 1_000, quarantine: 0 });
    const spans = traced(locks);
    await world.run(locks.acquire("a"));
    for (const node of world.nodes) node.flush();
    await world.clock.advance(600);
    expect(spans.only("hold").attributes["holdfast.reason"]).toBe("missing");
    expect(spans.named("renew").at(-1)?.status.code).toBe(SpanStatusCode.ERROR);
    await locks.close();
  });

  it("mark the release, not the hold, as failed if a release was not confirmed", async () => {
    const world = new TestNodes(3);
    const locks = world.locks({ ttl: 1_000, nodeTimeout: 900 });
    const spans = traced(locks);
    const lease = await world.run(locks.acquire("a", { renew: false }));
    await world.clock.advance(900);
    for (const node of world.nodes) node.hang();
    const release = lease.release();
    await world.run(release);
    expect(spans.only("release").status.code).toBe(SpanStatusCode.ERROR);
    expect(spans.only("hold").status.code).toBe(SpanStatusCode.UNSET);
    expect(spans.only("hold").attributes["holdfast.outcome"]).toBe("expired");
    await world.run(locks.close({ timeout: 10 }));
  });

  it("end a hold that is handed over", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const spans = traced(locks);
    const note = (await world.run(locks.acquire("a"))).handover();
    expect(spans.only("hold").attributes["holdfast.outcome"]).toBe("handedOver");
    const adopted = await world.run(locks.adopt(note));
    const stale = caught(locks.adopt(note));
    await world.run(stale);
    expect(spans.named("acquire").at(-1)?.attributes["error.type"]).toBe("LEASE_EXPIRED");
    await adopted.release();
    await locks.close();
  });

  it("start over with each acquisition of a handle", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const spans = traced(locks);
    const handle = locks.handle("a");
    for (let round = 0; round < 3; round++) await (await world.run(handle.acquire())).release();
    expect(["acquire", "hold", "release"].map((name) => spans.named(name).length)).toEqual([3, 3, 3]);
    await locks.close();
  });

  it("name at most ten resources, each clipped", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const spans = traced(locks);
    const many = Array.from({ length: 12 }, (_, index) => `${index}:${"x".repeat(1_000)}`);
    await (await world.run(locks.acquire(many))).release();
    const named = spans.only("acquire").attributes["holdfast.lock.resources"] as string[];
    expect(named.map(({ length }) => length)).toEqual(Array(10).fill(300));
    await locks.close();
  });

  it("are not created for an acquisition that is not sampled", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const spans = traced(locks, new AlwaysOffSampler());
    await (await world.run(locks.acquire("a"))).release();
    expect(spans.all()).toEqual([]);
    await locks.close();
  });

  it("end when they are removed, and no more are created", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const spans = traced(locks);
    const lease = await world.run(locks.acquire("a"));
    spans.remove();
    spans.remove();
    expect(spans.all().map(({ name }) => name)).toEqual(["holdfast.acquire", "holdfast.hold"]);
    expect(spans.only("hold").attributes["holdfast.outcome"]).toBeUndefined();
    await lease.release();
    await (await world.run(locks.acquire("b"))).release();
    expect(spans.all().length).toBe(2);
    await locks.close();
  });

  it("all end when the locks are closed", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const spans = traced(locks);
    await world.run(locks.acquire("a"));
    const waiting = caught(locks.acquire("a"));
    await world.run(locks.close());
    await waiting;
    expect(spans.named("acquire").map(({ ended }) => ended)).toEqual([true, true]);
    expect(spans.only("hold").attributes["holdfast.outcome"]).toBe("released");
  });

  it("are created for a Redlock's locks as well", async () => {
    const world = new RedlockWorld(3);
    const redlock = world.redlock();
    const spans = traced(redlock.locks);
    const lock = await world.run(redlock.acquire(["a"], 1_000));
    await world.run(lock.extend(2_000));
    await world.run(lock.release());
    expect(["acquire", "hold", "release"].map((name) => spans.named(name).length)).toEqual([1, 1, 1]);
    expect(spans.only("hold").attributes["holdfast.outcome"]).toBe("released");
    await world.run(redlock.quit());
  });

  it("are recorded by the global SDK, even if it is registered after the locks were created", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const remove = instrumentLocks(locks);
    await (await world.run(locks.acquire("a"))).release();
    const spans = recordSpans();
    trace.setGlobalTracerProvider(spans.provider);
    try {
      await (await world.run(locks.acquire("b"))).release();
      expect(spans.only("acquire").attributes["holdfast.lock.resources"]).toEqual(["b"]);
    } finally {
      trace.disable();
    }
    remove();
    await locks.close();
  });
});

it("locks that are reported already are not reported twice", async () => {
  const world = new TestNodes(3);
  const locks = world.locks();
  const spans = recordSpans();
  const meterProvider = recordMetrics().provider;
  const providers = { tracerProvider: spans.provider, meterProvider };
  const end = instrumentLocks(locks, providers);
  expect(instrumentLocks(locks, { ...providers })).toBe(end);
  await (await world.run(locks.acquire("a"))).release();
  expect(spans.all()).toHaveLength(3);
  const others = recordSpans();
  expect(instrumentLocks(locks, { tracerProvider: others.provider, meterProvider })).not.toBe(end);
  end();
  await (await world.run(locks.acquire("a"))).release();
  expect(spans.all()).toHaveLength(3);
  instrumentLocks(locks, providers);
  await (await world.run(locks.acquire("a"))).release();
  expect(spans.all()).toHaveLength(6);
  expect(others.all()).toHaveLength(6);
  await locks.close();
});

it("a tracer that throws does not harm locks", async () => {
  const world = new TestNodes(3);
  const errors: unknown[] = [];
  const locks = world.locks({ onListenerError: (error) => errors.push(error) });
  const startSpan = () => {
    throw new Error("no room");
  };
  instrumentLocks(locks, { tracerProvider: { getTracer: () => ({ startSpan }) as never } });
  const lease = await world.run(locks.acquire("a"));
  expect(await lease.release()).toBe("released");
  expect(errors).toMatchObject([{ message: "no room" }]);
  await locks.close();
});

it("invalid providers are refused by name, and so are closed locks", async () => {
  const locks = new TestNodes(1).locks();
  expect(() => instrumentLocks(locks, { tracerProvider: {} as never })).toThrow(/tracerProvider .*getTracer/);
  expect(() => instrumentLocks(locks, { meterProvider: 5 as never })).toThrow(/meterProvider .*getMeter/);
  expect(() => instrumentLocks(locks, { tracer: 5 } as never)).toThrow(/tracer/);
  for (const odd of [null, 5, []]) expect(() => instrumentLocks(locks, odd as never)).toThrow(/options/);
  expect(() => instrumentLocks({} as never)).toThrow(/locks/);
  await locks.close();
  expect(() => instrumentLocks(locks)).toThrow(/closed/);
});

describe("a call to a node for several callers", () => {
  it("is a span of its own trace, with a link to the active span of each caller", async () => {
    followContext();
    const world = new TestNodes(1);
    const locks = world.locks();
    const spans = traced(locks);
    await world.run(locks.using("warm", () => {}));
    const tracer = spans.provider.getTracer("requests");
    const requests = ["a", "b"].map((name) =>
      tracer.startActiveSpan(name, async (span) => {
        const lease = await locks.acquire(name);
        span.end();
        return lease;
      }),
    );
    const leases = await world.run(Promise.all(requests));
    const [call] = spans.all().filter(({ name }) => name === "holdfast.call");
    const parents = spans.all().filter(({ name }) => name === "a" || name === "b");
    expect(call?.links.map((link) => link.context.spanId).sort()).toEqual(parents.map(idOf).sort());
    expect(call?.parentSpanContext).toBeUndefined();
    expect(call?.attributes).toEqual({
      "holdfast.node.name": "node-0",
      "db.system.name": "redis",
      "db.operation.name": "EVALSHA",
      "db.operation.batch.size": 2,
    });
    await world.run(Promise.all(leases.map((lease) => lease.release())));
  });

  it("has no span where no caller has an active one, and none for a single caller", async () => {
    followContext();
    const world = new TestNodes(1);
    const locks = world.locks();
    const spans = traced(locks);
    const leases = await world.run(Promise.all([locks.acquire("a"), locks.acquire("b")]));
    const tracer = spans.provider.getTracer("requests");
    await tracer.startActiveSpan("request", (span) =>
      world.run(locks.using("c", () => {})).finally(() => span.end()),
    );
    expect(spans.all().some(({ name }) => name === "holdfast.call")).toBe(false);
    await world.run(Promise.all(leases.map((lease) => lease.release())));
  });

  it("is a span with an error if the call throws", async () => {
    followContext();
    const world = new TestNodes(1);
    let broken = false;
    const node = wayTo(world.node(0), {
      execute: (batch) => {
        if (broken) throw new Error("the node is broken");
        world.node(0).execute(batch);
      },
    });
    const locks = world.locks({ nodes: [node], retry: { count: 0 } });
    const spans = traced(locks);
    await world.run(locks.using("warm", () => {}));
    broken = true;
    const tracer = spans.provider.getTracer("requests");
    const requests = ["a", "b"].map((name) =>
      tracer.startActiveSpan(name, (span) =>
        locks
          .acquire(name)
          .catch(() => {})
          .finally(() => span.end()),
      ),
    );
    await world.run(Promise.all(requests), 100);
    const [call] = spans.all().filter(({ name }) => name === "holdfast.call");
    expect(call?.status).toMatchObject({ message: "the node is broken" });
    expect(call?.attributes["error.type"]).toBe("Error");
  });
});
