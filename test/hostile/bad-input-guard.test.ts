import fc from "fast-check";
import { expect, it } from "vitest";
import { guard, InvalidOptionError, StaleFenceError } from "../../src/guard.js";
import { simulate } from "../../src/testing.js";
import { anything } from "./support/odd-values.js";
import { holds } from "./support/property.js";

/** Checks that a call returns a value or throws a short, typed error. */
function refusesOnly(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    expect(error instanceof InvalidOptionError || error instanceof StaleFenceError).toBe(true);
    expect(String(error).length).toBeLessThan(1_000);
  }
}

const field = (names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names), anything, { maxKeys: names.length });

it("a guard accepts a fence, or throws a typed error", () =>
  holds(anything, (fence) => refusesOnly(() => guard(fence as number))));

it("a guard compares a fence, or throws a typed error", () =>
  holds(anything, (seen) => refusesOnly(() => guard(5).check(seen as number))));

it("a guarded statement accepts names and values, or throws a typed error", () =>
  holds(fc.oneof(anything, field(["dialect", "table", "key", "set", "fence", "unknown"])), (write) =>
    refusesOnly(() => guard(5).sql(write as never)),
  ));

it("a guarded script accepts texts and numbers, or throws a typed error", () =>
  holds(fc.oneof(anything, field(["key", "command", "fenceKey", "keep", "unknown"])), (write) =>
    refusesOnly(() => guard(5).redis(write as never)),
  ));

it("a simulation does not run with invalid options", () =>
  holds(fc.oneof(anything, field(["faults", "program", "actions", "trace", "unknown"])), async (options) => {
    const error = await simulate(options as never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOptionError);
  }));
