import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { TracerProvider } from "@opentelemetry/api";
import fc from "fast-check";
import { expect, it } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import type { Handle, Lease } from "../../src/index.js";
import { Tracker } from "../../src/inspector/feed/tracker.js";
import { managerEvents } from "../../src/lock/events.js";
import { instrumentLocks } from "../../src/telemetry.js";
import { settle, TestNodes } from "../manager/test-nodes.js";
import { seeded } from "../support/chance.js";
import { recordSpans } from "./recorders.js";

/** Actions that an observer may take on a lock at any moment. */
function deeds(world: TestNodes, chance: () => number) {
  const asked: Promise<unknown>[] = [];
  const valid = new Set<Lease>();
  const seen = { granted: 0, twice: 0 };
  const acquire = async (handle: Handle) => {
    const ttl = Math.ceil(200 + 400 * chance());
    const lease = await handle.acquire({ wait: 300, ttl, renew: chance() < 0.5 });
    seen.granted += 1;
    for (const other of valid) {
      if (other.remaining() === 0) valid.delete(other);
      else if (other !== lease && other.resources[0] === lease.resources[0]) seen.twice += 1;
    }
    valid.add(lease);
  };
  const broken = () => {
    throw new Error("meddler");
  };
  const ways: readonly ((handle: Handle) => unknown)[] = [
    (handle) => asked.push(acquire(handle).catch(() => {})),
    (handle) => asked.push(acquire(handle).catch(() => {})),
    (handle) => chance() < 0.4 && asked.push(handle.release().catch(() => {})),
    (handle) => handle.lease?.renew().catch(() => {}),
    (handle) => handle.actor,
    (handle) => chance() < 0.2 && handle.lease?.handover(),
    async () => broken(),
    broken,
    () => chance() < 0.1 && world.node(Math.floor(chance() * 3))[chance() < 0.5 ? "hang" : "reconnect"](),
    () => wakeAll(world),
  ];
  return { asked, seen, ways };
}

function wakeAll({ nodes }: TestNodes): void {
  for (const node of nodes) node.wake();
}

/** Counts the spans that begin. */
function counting(provider: TracerProvider) {
  let begun = 0;
  const getTracer: TracerProvider["getTracer"] = (...named) => {
    const tracer = provider.getTracer(...named);
    const startSpan: typeof tracer.startSpan = (...told) => {
      begun += 1;
      return tracer.startSpan(...told);
    };
    return { startSpan, startActiveSpan: tracer.startActiveSpan.bind(tracer) };
  };
  return { getTracer, begun: () => begun };
}

async function meddle(seed: number): Promise<number> {
  const world = new TestNodes(3);
  const chance = seeded(seed);
  for (let i = 0; i < 20; i++) chance();
  const { asked, seen, ways } = deeds(world, chance);
  const handles: Handle[] = [];
  let left = 0;
  const act = (): unknown => {
    if (left === 0 || chance() < 0.6) return undefined;
    left -= 1;
    const handle = handles[Math.floor(chance() * handles.length)];
    return handle && ways[Math.floor(chance() * ways.length)]?.(handle);
  };
  const locks = world.locks({
    ttl: 500,
    nodeTimeout: 50,
    quarantine: false,
    onListenerError: () => {},
    ...(chance() < 0.5 ? { xstate: { inspect: act } } : {}),
  });
  handles.push(...["a", "a", "b", "b"].map((name) => locks.handle(name)));
  const manager = managerOf(locks);
  const spans = recordSpans();
  const provider = counting(spans.provider);
  instrumentLocks(locks, { tracerProvider: provider });
  const answered = () => (chance() < 0.1 ? act() : undefined);
  // Typed to return nothing; an observer's return value is ignored.
  manager.watch({ lockStepped: act, lockFailed: act, nodeStepped: act, nodeAnswered: answered, closed: act });
  new Tracker(manager).listen(act);
  // Node.js ends the process if a subscriber of these channels throws.
  const onMessage = () =>
    void Promise.resolve()
      .then(act)
      .catch(() => {});
  for (const name of managerEvents) subscribe(`holdfast:${name}`, onMessage);
  for (let turn = 0; turn < 30; turn++) {
    left = 30;
    onMessage();
    await world.clock.advance(chance() * 300);
  }
  left = 0;
  for (const name of managerEvents) unsubscribe(`holdfast:${name}`, onMessage);
  wakeAll(world);
  await world.run(Promise.all(asked), 20_000);
  await world.run(locks.close({ timeout: 1_000 }), 5_000);
  await settle();
  expect(seen.twice).toBe(0);
  expect(manager.inUse).toEqual([]);
  for (const count of ["pending", "asking"]) expect(Reflect.get(manager.context.localQueue, count)).toBe(0);
  expect(spans.all()).toHaveLength(provider.begun());
  return seen.granted;
}

it("observers may use the locks in the middle of their steps, and throw", async () => {
  let granted = 0;
  const run = async (seed: number) => {
    granted += await meddle(seed);
  };
  await fc.assert(fc.asyncProperty(fc.integer(), run), { numRuns: 40 });
  expect(granted).toBeGreaterThan(40);
});
