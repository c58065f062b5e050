import type { Callback } from "./types.js";

/** Tells a node-style callback as well, if there is one; whoever takes the callback need not look at the promise. */
export function nodeify<T>(promise: Promise<T>, callback: Callback<T> | undefined): Promise<T> {
  if (typeof callback === "function") {
    promise.then(
      (value) => process.nextTick(callback, null, value),
      (error) => process.nextTick(callback, error),
    );
  }
  return promise;
}

/** What is given in the callback's place may be something else: options, or nothing. */
export const isCallback = (value: unknown): value is Callback<never> => typeof value === "function";
