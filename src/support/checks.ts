import { InvalidOptionError } from "../errors.js";
import { contentsOf, isWellFormed, testSafely } from "./untrusted.js";

/** Checks of options and arguments. Each throws an InvalidOptionError before any request is sent. */

const isNumber = (value: unknown): value is number => typeof value === "number" && !Number.isNaN(value);

export function checkTtl(value: unknown, option = "ttl"): number {
  if (isNumber(value) && Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidOptionError(option, value, "an integer from 1 to Number.MAX_SAFE_INTEGER, in ms");
}

export function checkHoldAtLeast(value: unknown): number {
  if (isNumber(value) && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidOptionError("holdAtLeast", value, "an integer from 0 to Number.MAX_SAFE_INTEGER, in ms");
}

/** Checks a duration of at least `min` ms. `Infinity` is allowed unless `finite`. */
export function checkDuration(option: string, value: unknown, min: 0 | 1, finite = false): number {
  if (isNumber(value) && value >= min && (!finite || value !== Number.POSITIVE_INFINITY)) return value;
  const kind = finite ? "a finite number" : "a number";
  throw new InvalidOptionError(option, value, `${kind} of ms, at least ${min}`);
}

/** Checks a maximum: an integer from 1, or Infinity. */
export function checkCount(option: string, value: unknown): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) >= 1))
    return Number(value);
  throw new InvalidOptionError(option, value, "an integer from 1, or Infinity");
}

export function checkFraction(option: string, value: unknown): number {
  if (isNumber(value) && value >= 0 && value < 1) return value;
  throw new InvalidOptionError(option, value, "a number from 0 to less than 1");
}

export function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new InvalidOptionError(option, value, "true or false");
}

export function checkFunction<T>(option: string, value: T): T {
  if (typeof value === "function") return value;
  throw new InvalidOptionError(option, value, "a function");
}

/** Checks that `value` is one of `names`. A listener for a misspelt event, for example, would silently never be called. */
export function checkName(option: string, value: unknown, names: readonly string[]): void {
  if (!names.includes(value as string))
    throw new InvalidOptionError(option, value, `one of ${names.join(", ")}`);
}

/** Returns the entries of a plain object. If reading them throws, that error is the cause of the InvalidOptionError. */
export function checkEntries(option: string, value: unknown, contents = ""): [string, unknown][] {
  const { entries, failure } = contentsOf(value);
  if (entries !== null) return entries;
  const allowed = `a plain object with properties of its own${contents}`;
  if (failure === undefined) throw new InvalidOptionError(option, value, allowed);
  throw new InvalidOptionError(option, value, allowed, "an object whose properties cannot be read", failure);
}

/** Checks that `value` is an object with these methods. `otherwise` names an alternative in the message. */
export function checkMethods<T>(
  option: string,
  value: T,
  methods: readonly (keyof T & string)[],
  otherwise = "",
): T {
  const hasMethods = testSafely(
    () =>
      typeof value === "object" &&
      value !== null &&
      methods.every((name) => typeof value[name] === "function"),
  );
  if (hasMethods) return value;
  throw new InvalidOptionError(
    option,
    value,
    `${otherwise}an object with ${methods.map((name) => `${name}()`).join(", ")}`,
  );
}

/** Checks that `value` is a string without lone surrogates, which Redis could not store unchanged. */
export function checkText(option: string, value: unknown, allowed: string): string {
  if (typeof value !== "string") throw new InvalidOptionError(option, value, allowed);
  if (isWellFormed(value)) return value;
  throw new InvalidOptionError(option, value, `${allowed}, in whole characters (it has a lone surrogate)`);
}

/** Accepts signals of other implementations too, such as jsdom's. */
export function checkSignal(value: unknown): AbortSignal {
  const isSignal = testSafely(() => {
    const { aborted, addEventListener, removeEventListener } = value as AbortSignal;
    const methods = [addEventListener, removeEventListener];
    return typeof aborted === "boolean" && methods.every((method) => typeof method === "function");
  });
  if (isSignal) return value as AbortSignal;
  throw new InvalidOptionError("signal", value, "an AbortSignal");
}
