import { isHoldfastError } from "../errors.js";

/** Causes of causes that are looked at. */
const maxDepth = 5;

/** Whether `error` says that the locks were closed, or has such an error as its cause. */
export function isCausedByClosing(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < maxDepth && cause != null; depth += 1) {
    if (isHoldfastError(cause, "MANAGER_CLOSED")) return true;
    cause = causeOf(cause);
  }
  return false;
}

/** Undefined also if the value is a proxy, or has a getter, that throws. */
function causeOf(error: unknown): unknown {
  try {
    return (error as { cause?: unknown }).cause;
  } catch {
    return undefined;
  }
}
