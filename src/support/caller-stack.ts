import { HoldfastError } from "./holdfast-error.js";

/**
 * Returns a promise that rejects with `error`. Resolve the promise of a public method with it at once, instead of rejecting that
 * promise: the stack of an error of Holdfast then shows which code awaits the method.
 *
 * Such an error is made when a timer fires or a reply arrives, so that its stack has no frame of the caller. V8 follows the
 * promises from an async function to the functions that await it, but only while that function runs in a microtask. That is
 * why the stack is captured again here, and why a success costs nothing. The stack stays unformatted until it is read.
 */
export async function rejection(error: unknown): Promise<never> {
  if (!(error instanceof HoldfastError) || Error.captureStackTrace === undefined) throw error;
  // The promise that is resolved with this one follows it after one microtask.
  await null;
  await null;
  Error.captureStackTrace(error, rejection);
  throw error;
}
