import { InvalidOptionError } from "../errors.js";

const digits = /^(0|[1-9]\d{0,15})$/;

/**
 * Converts a fence. A storage returns a bigint column as a number, a bigint or a string of digits; a header is always
 * text.
 */
function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || (typeof value === "string" && digits.test(value))) return Number(value);
  return Number.NaN;
}

/** @throws InvalidOptionError unless the value is a fence. */
export function checkFence(value: unknown): number {
  const fence = numberOf(value);
  if (Number.isSafeInteger(fence) && fence > 0) return fence;
  const allowed = `a fencing token: an integer from 1 to ${Number.MAX_SAFE_INTEGER}, or its digits`;
  throw new InvalidOptionError("fence", value, allowed);
}

/** Returns the highest fence that was seen, or 0 if there was none. @throws InvalidOptionError. */
export function checkSeen(value: unknown): number {
  const seen = value === null || value === undefined ? 0 : numberOf(value);
  if (Number.isSafeInteger(seen) && seen >= 0) return seen;
  const allowed = `null or an integer from 0 to ${Number.MAX_SAFE_INTEGER}, or its digits`;
  throw new InvalidOptionError("the fence that was seen", value, allowed);
}
