import { expect, it } from "vitest";
import { guard } from "../../src/guard.js";
import { createLocks, memoryNode } from "../../src/index.js";
import { serveInspector } from "../../src/inspector.js";
import { Redlock } from "../../src/redlock.js";
import { instrumentLocks } from "../../src/telemetry.js";
import { simulate } from "../../src/testing.js";

/** An object with these properties, all undefined. */
const absent = <Name extends string>(...names: Name[]): { readonly [Key in Name]: undefined } =>
  Object.fromEntries(names.map((name) => [name, undefined])) as { readonly [Key in Name]: undefined };

const acquireOptions = absent("ttl", "wait", "retry", "renew", "maxHold", "fair", "onLost");
const sharedOptions = absent(
  ...(["nodeTimeout", "connectTimeout", "owner", "quarantine", "unidentified"] as const),
  ...(["onListenerError", "xstate", "clock", "random"] as const),
);
const managerOptions = absent("prefix", "driftFactor", "grouping", "maxPending", "publish", "logger");

it("an option that is undefined counts as not given, in createLocks and in its calls", async () => {
  const node = memoryNode(undefined, absent("clock"));
  const locks = createLocks({ nodes: [node], ...acquireOptions, ...sharedOptions, ...managerOptions });
  const each = { ...acquireOptions, ...absent("signal", "fence") };
  const lease = await locks.acquire("a", each);
  expect(lease.ttl).toBe(10_000);
  await lease.release();
  expect(await locks.using("a", { ...each, rejectOnLoss: undefined }, () => "done")).toBe("done");
  const retried = await locks.acquire("a", { retry: absent("count", "delay", "maxDelay", "jitter") });
  await retried.release();
  await locks.ready(absent("timeout"));
  instrumentLocks(locks, absent("tracerProvider", "meterProvider"))();
  const inspector = await serveInspector(locks, { port: 0, ...absent("host", "token", "title") });
  await inspector.close();
  node.restart(absent("keepMemory"));
  await locks.close(absent("timeout"));
  const nested = createLocks({
    nodes: [memoryNode()],
    publish: absent("stepsPerSecond"),
    xstate: absent("inspect"),
  });
  await (await nested.acquire("a")).release();
  await nested.close();
});

it("an option that is undefined counts as not given, in the Redlock class", async () => {
  const settings = absent("driftFactor", "retryCount", "retryDelay", "retryJitter");
  const more = absent("automaticExtensionThreshold");
  const redlock = new Redlock([memoryNode()], { ...settings, ...more, ...sharedOptions });
  expect(redlock.settings).toMatchObject({ retryCount: 10, automaticExtensionThreshold: 500 });
  const lock = await redlock.acquire(["a"], 1_000, settings);
  await redlock.release(await redlock.extend(lock, 1_000, settings), settings);
  expect(await redlock.using(["a"], 1_000, { ...settings, ...more }, async () => "done")).toBe("done");
  expect(await redlock.using("a", 1_000, async () => "done", absent("autoExtend"))).toBe("done");
  await redlock.locks.close();
});

it("an option that is undefined counts as not given, in guards and simulations", async () => {
  const write = { key: "a", command: ["SET", "1"], ...absent("fenceKey", "keep") };
  expect(guard(1).redis(write).keys).toEqual(["a", "{a}:fence"]);
  const row = { dialect: "sqlite", table: "a", key: { id: 1 }, set: {}, fence: undefined } as const;
  expect(guard(1).sql(row).update.text).toContain('"fence"');
  const options = { seed: 1, actions: 1, ...absent("faults", "program", "trace") };
  expect((await simulate(options)).violations).toEqual([]);
});
