import { describe, expect, it } from "vitest";
import { LockRows } from "../../../src/inspector/feed/lock-rows.js";
import type { Lock } from "../../../src/lock/lock.js";

/** `LockRows` uses only a lock's identity and its resources. */
const lockOf = (...resources: string[]) => ({ resources }) as unknown as Lock;

describe("rows", () => {
  it("are bounded: the row that is idle longest is evicted, and while none is idle further locks get no row", () => {
    const rows = new LockRows("s", 3);
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => lockOf(name)) as [Lock, Lock, Lock, Lock];
    const ids = [a, b, c].map((lock) => rows.use(lock)?.identity.id);
    expect(ids).toEqual(["s/1", "s/2", "s/3"]);
    expect(rows.use(d)).toBeNull();
    for (const [lock, time] of [
      [b, 5],
      [a, 6],
    ] as const) {
      const row = rows.use(lock);
      if (row !== null) rows.markIdle(row, time);
    }
    expect(rows.use(d)?.identity.id).toBe("s/4");
    expect(rows.evicted).toEqual(["s/2"]);
    // Its id was reported as gone and never comes back.
    expect(rows.use(b)?.identity.id).toBe("s/5");
    expect(rows.evicted).toEqual(["s/2", "s/1"]);
    expect(rows.inUse.size + rows.idle.size).toBe(3);
  });

  it("are removed when they were idle for long, and come back with their lock", () => {
    const rows = new LockRows("s");
    const lock = lockOf("a");
    const row = rows.use(lock);
    if (row === null) throw new Error("no row");
    rows.markIdle(row, 100);
    expect(rows.removeIdle(99)).toEqual([]);
    expect(rows.removeIdle(100)).toEqual(["s/1"]);
    expect(rows.removeIdle(100)).toEqual([]);
    expect(rows.use(lock)).toBe(row);
  });

  it("are distinguished by all of their resources, however long", () => {
    const rows = new LockRows("s");
    const long = "x".repeat(400_000);
    const idle = (lock: Lock) => {
      const row = rows.use(lock);
      if (row !== null) rows.markIdle(row, 0);
      return row?.identity.id;
    };
    const names = [["a"], ["a", "b"], ["a,b"], [`${long}1`], [`${long}2`], ['["a","b"]']];
    const ids = names.map((resources) => idle(lockOf(...resources)));
    expect(new Set(ids).size).toBe(names.length);
    expect(names.map((resources) => idle(lockOf(...resources)))).toEqual(ids);
    // A hundred thousand long names would take too much memory.
    for (const { key } of rows.idle) expect(key.length).toBeLessThan(50);
  });
});
