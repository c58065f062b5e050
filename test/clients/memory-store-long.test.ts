import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/clients/memory/memory-store.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";

const keys = ["a"];
const day = 86_400_000;

/** A store with a controllable time. */
function storeAt() {
  const store = new MemoryStore();
  let now = 0;
  return {
    apply: (command: LockCommand) => store.apply(command, now),
    left: (age = 0) => store.longLeft(now, age),
    wait: (ms: number) => {
      now += ms;
    },
  };
}

const acquire = (ttl: number, token = "t"): LockCommand => ({ op: "acquire", keys, token, ttl });
const renew = (ttl: number): LockCommand => ({ op: "renew", keys, token: "t", ttl });

describe("the long leases that a memory store holds", () => {
  it("are those of more than a minute, until they expire", () => {
    const { apply, left, wait } = storeAt();
    apply(acquire(60_000));
    expect(left()).toBe(0);
    apply(renew(60_001));
    expect(left()).toBe(60_001);
    wait(60_000.5);
    expect(left()).toBe(1);
    wait(1);
    expect(left()).toBe(0);
  });

  it("keep their age when they are renewed, handed over or given back", () => {
    const { apply, left, wait } = storeAt();
    apply(acquire(day));
    wait(100);
    apply(renew(2 * day));
    apply(acquire(2 * day));
    apply({ op: "swap", keys, token: "heir", from: "t", ttl: day });
    apply({ op: "giveBack", keys, token: "t", from: "heir", ttl: day });
    expect(left(100)).toBe(day);
    expect(left(101)).toBe(0);
  });

  it("exclude ended leases and the records of fences", () => {
    const { apply, left, wait } = storeAt();
    apply(acquire(day));
    wait(100);
    apply({ op: "release", keys, token: "t" });
    expect(left()).toBe(0);
    apply({ op: "acquire", keys, token: "next", ttl: day, fence: 1 });
    expect(left(1)).toBe(0);
    apply({ op: "release", keys, token: "next" });
    expect(left()).toBe(0);
  });
});

it("giving a lease back does not lengthen its ttl", () => {
  const { apply, wait } = storeAt();
  apply(acquire(1_000));
  apply({ op: "swap", keys, token: "heir", from: "t", ttl: 1_000 });
  wait(400);
  apply({ op: "giveBack", keys, token: "t", from: "heir", ttl: 5_000 });
  wait(600);
  expect(apply(renew(1_000))).toMatchObject({ kind: "denied" });
});
