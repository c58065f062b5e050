import { describe, expect, it } from "vitest";
import { simulate, type UserProgram } from "../../src/testing.js";
import { breadth } from "../support/breadth.js";

const seeds = breadth(2, 5);

const working: UserProgram = async ({ locks, sleep, random, over }) => {
  while (!over()) {
    await locks.using("report", { ttl: 500, wait: 2_000 }, () => sleep(random() * 300)).catch(() => {});
    await sleep(50);
  }
};

describe("a user's own program in the simulator", () => {
  it("runs in every incarnation of every process", async () => {
    const names = new Set<string>();
    const program: UserProgram = async (process) => {
      names.add(process.name);
      await working(process);
    };
    for (let seed = 1; seed <= seeds; seed++) {
      const { violations, counts } = await simulate({ seed, program });
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      expect(counts.acquired).toBeGreaterThan(5);
    }
    expect([...names].some((name) => name.includes("."))).toBe(true);
  }, 120_000);

  it("causes a violation if it relies on a wrong assumption", async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= seeds; seed++) {
      let writing = false;
      // The program continues without checking its lease.
      const program: UserProgram = async ({ locks, sleep, over }) => {
        while (!over()) {
          const lease = await locks.acquire("file", { ttl: 200, renew: false, wait: 5_000 });
          await sleep(150);
          if (writing) throw new Error("two write at the same time");
          writing = true;
          await sleep(100);
          writing = false;
          await lease.release();
        }
      };
      const { violations } = await simulate({ seed, program });
      for (const { checker, what } of violations) found.add(`${checker}: ${what.replace(/^\S+ /, "")}`);
    }
    expect([...found]).toEqual(["program: two write at the same time"]);
  }, 120_000);
});
