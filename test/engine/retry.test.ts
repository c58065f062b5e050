import { describe, expect, it } from "vitest";
import { backoff } from "../../src/engine/time/retry.js";

const random = (fraction: number) => ({ secret: () => "", fraction: () => fraction });

describe("backoff", () => {
  it("doubles from delay to maxDelay, with full jitter by default", () => {
    const longest = backoff({}, random(1));
    expect([1, 2, 3, 4, 5, 6, 60].map((attempt) => longest(attempt, "contended"))).toEqual([
      50, 100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(backoff({}, random(0))(3, "contended")).toBe(0);
  });

  it("gives up after count retries", () => {
    const twice = backoff({ count: 2, jitter: 0 }, random(0));
    expect([twice(1, "noQuorum"), twice(2, "noQuorum"), twice(3, "noQuorum")]).toEqual([50, 100, false]);
  });

  it("adds or takes at most jitter ms, never below 0", () => {
    const policy = { delay: 100, maxDelay: 100, jitter: 30 };
    expect(backoff(policy, random(0))(1, "tooSlow")).toBe(70);
    expect(backoff(policy, random(1))(1, "tooSlow")).toBe(130);
    expect(backoff({ delay: 10, jitter: 30 }, random(0))(1, "tooSlow")).toBe(0);
  });
});
