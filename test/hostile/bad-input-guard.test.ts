import fc from "fast-check";
import { expect, it } from "vitest";
import { guard, InvalidOptionError, StaleFenceError } from "../../src/guard.js";
import { simulate } from "../../src/testing.js";
import { anything } from "./support/odd-values.js";
import { holds } from "./support/property.js";

/** It gives something, or refuses in a short, typed error. */
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

it("a guard is made of a fence, or refused", () =>
  holds(anything, (fence) => refusesOnly(() => guard(fence as number))));

it("a guard compares what may be a fence, and refuses the rest", () =>
  holds(anything, (seen) => refusesOnly(() => guard(5).check(seen as number))));

it("a guarded statement is made of names and values, or refused", () =>
  holds(fc.oneof(anything, field(["dialect", "table", "key", "set", "fence", "stranger"])), (write) =>
    refusesOnly(() => guard(5).sql(write as never)),
  ));

it("a guarded script is made of texts and numbers, or refused", () =>
  holds(fc.oneof(anything, field(["key", "command", "fenceKey", "keep", "stranger"])), (write) =>
    refusesOnly(() => guard(5).redis(write as never)),
  ));

it("nothing is simulated by options that make no sense", () =>
  holds(fc.oneof(anything, field(["faults", "program", "actions", "trace", "stranger"])), async (options) => {
    const error = await simulate(options as never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOptionError);
  }));
