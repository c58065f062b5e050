import { isHoldfastError } from "../errors.js";
import type { FailureEvent } from "../machines/lock-events.js";

/** A name for the error of a failed acquisition: one of a few, whatever value aborted the acquisition. */
export function errorTypeOf(event: FailureEvent, error: unknown): string {
  if (event.type === "ABORT") return isHoldfastError(error, "MANAGER_CLOSED") ? error.code : "aborted";
  return isHoldfastError(error) ? error.code : "_OTHER";
}
