import { expect, test } from "vitest";
import { MemoryStore } from "../../src/clients/memory/memory-store.js";
import { heeding, newcomer, parting } from "../contract/queue-contract.js";
import { acquire, granted, heldBy, tokenOf } from "../contract/subject.js";

test("a store tells nobody whose turn it is unless it was given a way", () => {
  const [store, token, { place }] = [new MemoryStore(), tokenOf("holder"), newcomer()];
  store.apply(acquire("key", token), 0);
  expect(store.apply(heeding("key", place("a", 1)), 0)).toEqual(heldBy("holder", "key"));
  expect(store.apply(parting("key", token, null, true), 0)).toEqual(granted);
});

test("queues nobody asks for again are swept, so that they do not add up", () => {
  const [store, token, { place }] = [new MemoryStore(), tokenOf("holder"), newcomer()];
  let most = 0;
  for (let index = 0; index < 10_000; index++) {
    store.apply(acquire(`${index}`, token, 10), index);
    expect(store.apply(heeding(`${index}`, place("a", 1)), index)).toMatchObject({ kind: "denied" });
    most = Math.max(most, store.queueCount);
  }
  expect(most).toBeLessThan(4_000);
});

test("a queue whose waiters have all gone is dropped with the next question", () => {
  const [store, { place }] = [new MemoryStore(), newcomer()];
  store.apply(acquire("key", tokenOf("holder"), 10), 0);
  store.apply(heeding("key", place("a", 1)), 0);
  store.apply(heeding("key", place("b", 2)), 1);
  expect(store.queueCount).toBe(1);
  expect(store.apply(heeding("key", null), 1_500)).toEqual({ kind: "denied", holder: null });
  expect(store.apply(heeding("key", null), 1_501)).toEqual(granted);
  expect(store.queueCount).toBe(0);
});

test("entries that have expired are swept, so that they do not add up", () => {
  const [store, token] = [new MemoryStore(), tokenOf("holder")];
  let most = 0;
  for (let index = 0; index < 10_000; index++) {
    store.apply(acquire(`${index}`, token, 10), index);
    most = Math.max(most, store.entryCount);
  }
  expect(most).toBeLessThan(4_000);
});

test("a key is there until its ttl is over, and no longer", () => {
  const [store, token] = [new MemoryStore(), tokenOf("holder")];
  store.apply(acquire("key", token, 10), 5);
  expect(store.apply(acquire("key", tokenOf("other")), 14.9)).toEqual(heldBy("holder", "key"));
  expect(store.apply(acquire("key", tokenOf("other")), 15)).toEqual(granted);
});

test("a watermark that is taken over is never below the store's own", () => {
  const store = new MemoryStore();
  store.raiseWatermark(5);
  store.raiseWatermark(3);
  expect(store.watermark).toBe(5);
});
