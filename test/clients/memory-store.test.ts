import { expect, test } from "vitest";
import { MemoryStore } from "../../src/clients/memory/memory-store.js";
import { newProcess, queuedAcquire, queuedRelease } from "../contract/queue-contract.js";
import { acquire, granted, heldBy, tokenOf } from "../contract/subject.js";

test("a store without a publisher notifies no waiter", () => {
  const [store, token, { place }] = [new MemoryStore(), tokenOf("holder"), newProcess()];
  store.apply(acquire("key", token), 0);
  expect(store.apply(queuedAcquire("key", place("a", 1)), 0)).toEqual(heldBy("holder", "key"));
  expect(store.apply(queuedRelease("key", token, null, true), 0)).toEqual(granted);
});

test("abandoned queues are swept, so that they do not accumulate", () => {
  const [store, token, { place }] = [new MemoryStore(), tokenOf("holder"), newProcess()];
  let most = 0;
  for (let index = 0; index < 10_000; index++) {
    store.apply(acquire(`${index}`, token, 10), index);
    expect(store.apply(queuedAcquire(`${index}`, place("a", 1)), index)).toMatchObject({ kind: "denied" });
    most = Math.max(most, store.queueCount);
  }
  expect(most).toBeLessThan(4_000);
});

test("a queue whose waiters have all expired is dropped with the next command", () => {
  const [store, { place }] = [new MemoryStore(), newProcess()];
  store.apply(acquire("key", tokenOf("holder"), 10), 0);
  store.apply(queuedAcquire("key", place("a", 1)), 0);
  store.apply(queuedAcquire("key", place("b", 2)), 1);
  expect(store.queueCount).toBe(1);
  expect(store.apply(queuedAcquire("key", null), 1_500)).toEqual({ kind: "denied", holder: null });
  expect(store.apply(queuedAcquire("key", null), 1_501)).toEqual(granted);
  expect(store.queueCount).toBe(0);
});

test("expired entries are swept, so that they do not accumulate", () => {
  const [store, token] = [new MemoryStore(), tokenOf("holder")];
  let most = 0;
  for (let index = 0; index < 10_000; index++) {
    store.apply(acquire(`${index}`, token, 10), index);
    most = Math.max(most, store.entryCount);
  }
  expect(most).toBeLessThan(4_000);
});

test("a key exists until its ttl ends, and no longer", () => {
  const [store, token] = [new MemoryStore(), tokenOf("holder")];
  store.apply(acquire("key", token, 10), 5);
  expect(store.apply(acquire("key", tokenOf("other")), 14.9)).toEqual(heldBy("holder", "key"));
  expect(store.apply(acquire("key", tokenOf("other")), 15)).toEqual(granted);
});

test("an imported watermark never lowers the store's own", () => {
  const store = new MemoryStore();
  store.raiseWatermark(5);
  store.raiseWatermark(3);
  expect(store.watermark).toBe(5);
});
