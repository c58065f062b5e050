import { show } from "../../support/redaction.js";

/** Decides about the value in its place. */
type Predicate = (actual: unknown) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Whether a value equals a pattern. A function in the pattern decides about the value in its place. */
function fits(actual: unknown, pattern: unknown, partly: boolean): boolean {
  if (typeof pattern === "function") return (pattern as Predicate)(actual);
  if (!isObject(pattern)) return Object.is(actual, pattern);
  if (!isObject(actual) || Array.isArray(actual) !== Array.isArray(pattern)) return false;
  if (Array.isArray(pattern) && (actual as unknown as unknown[]).length !== pattern.length) return false;
  const names = partly ? Object.keys(pattern) : Object.keys({ ...pattern, ...actual });
  return names.every((name) => fits(actual[name], pattern[name], partly));
}

/** A pattern for an object that may have further properties. */
export const partly =
  (pattern: unknown): Predicate =>
  (actual) =>
    fits(actual, pattern, true);

export const matching =
  (form: RegExp): Predicate =>
  (actual) =>
    form.test(String(actual));

export const anyNumber: Predicate = (actual) => typeof actual === "number";

/** @throws Error if the value does not equal the pattern */
export function equal(actual: unknown, pattern: unknown): void {
  if (!fits(actual, pattern, false)) fail(actual, `expected ${inWords(pattern)}`);
}

/** @throws Error if the value lacks a property of the pattern */
export function matches(actual: unknown, pattern: unknown): void {
  if (!fits(actual, pattern, true)) fail(actual, `expected at least ${inWords(pattern)}`);
}

export function check(holds: boolean, actual: unknown, expected: string): void {
  if (!holds) fail(actual, `expected ${expected}`);
}

export const above = (actual: unknown, limit: number): void =>
  check(Number(actual) > limit, actual, `more than ${limit}`);

export const atMost = (actual: unknown, limit: number): void =>
  check(actual !== null && Number(actual) <= limit, actual, `at most ${limit}`);

function fail(actual: unknown, expected: string): never {
  throw new Error(`${expected}; got ${inWords(actual)}`);
}

/** A predicate has no words. */
const inWords = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === "function" ? "(something that fits)" : each,
  )?.slice(0, 500) ?? show(value);
