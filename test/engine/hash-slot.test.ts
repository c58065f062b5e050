import { expect, it } from "vitest";
import { slotOf } from "../../src/engine/protocol/hash-slot.js";

// The slots are those of CLUSTER KEYSLOT.
it.each([
  ["123456789", 12739],
  ["a{b}c{d}", 3300],
  ["{}a}", 4370],
  ["x{}{a}", 15756],
  ["a}{}ü}", 467],
])("the hash slot of %s is the one of a Redis Cluster", (key, slot) => {
  expect(slotOf(key)).toBe(slot);
});
