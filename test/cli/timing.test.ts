import { expect, test } from "vitest";
import { requireRoom } from "../../src/cli/timing.js";

const timing = { ttl: 30_000, grace: 5_000, nodeTimeout: undefined, maxHold: undefined, atLeast: 0 };

test("the defaults leave room", () => {
  expect(() => requireRoom(timing)).not.toThrow();
});

test("a ttl that leaves no room is refused with the smallest that does", () => {
  let smallest = 0;
  try {
    requireRoom({ ...timing, ttl: 5_000 });
  } catch (error) {
    const message = String(error);
    expect(message).toMatch(/^CommandError: --ttl 5s leaves.*--node-timeout.*--grace 5s/);
    smallest = Number(/use --ttl (\d+)ms/.exec(message)?.[1]);
  }
  // As `holdfast run --help` says.
  expect(Math.ceil(smallest / 1_000)).toBe(13);
  expect(() => requireRoom({ ...timing, ttl: smallest })).not.toThrow();
  expect(() => requireRoom({ ...timing, ttl: smallest - 1 })).toThrow();
});

test("a ttl that --at-least sets is named by that option", () => {
  expect(() => requireRoom({ ...timing, ttl: 6_000, atLeast: 6_000 })).toThrow(
    /^--at-least 6s, which is the ttl because --ttl is not longer, leaves no room .*; use --ttl \d+ms or longer/,
  );
});

test("what would never end is refused", () => {
  const year = 365 * 86_400_000;
  expect(() => requireRoom({ ...timing, ttl: year, atLeast: year })).not.toThrow();
  expect(() => requireRoom({ ...timing, ttl: year + 1 })).toThrow(
    /^--ttl \d+ms is too long; use 365d or shorter$/,
  );
  const tooLong = { ...timing, ttl: 400 * 86_400_000, atLeast: 400 * 86_400_000 };
  expect(() => requireRoom(tooLong)).toThrow(/^--at-least 400d is too long; use 365d or shorter$/);
});

test("a long node timeout leaves less time to the command", () => {
  expect(() => requireRoom({ ...timing, nodeTimeout: 12_000 })).toThrow(/12000 ms for --node-timeout/);
});

test("a maximum hold shorter than the ending is refused with the shortest that works", () => {
  let least = 0;
  try {
    requireRoom({ ...timing, maxHold: 5_000 });
  } catch (error) {
    least = Number(/use --max-hold (\d+)ms/.exec(String(error))?.[1]);
  }
  expect(least).toBeGreaterThan(5_000);
  expect(() => requireRoom({ ...timing, maxHold: least })).not.toThrow();
});

test("a longer minimum than maximum is refused", () => {
  const longer = { ...timing, atLeast: 40_000, maxHold: 30_000 };
  expect(() => requireRoom(longer)).toThrow(/--at-least 40s is longer than --max-hold 30s/);
  expect(() => requireRoom({ ...longer, maxHold: 40_000 })).not.toThrow();
});
