import { nextTick } from "../support/platform.js";
import type { Callback } from "./types.js";

/** Also passes the result to a node-style callback, if there is one. With a callback, the promise may be ignored. */
export function nodeify<T>(promise: Promise<T>, callback: Callback<T> | undefined): Promise<T> {
  if (typeof callback === "function") {
    promise.then(
      (value) => nextTick(() => callback(null, value)),
      (error) => nextTick(() => callback(error)),
    );
  }
  return promise;
}

/** The argument in the callback's place may also be options, or missing. */
export const isCallback = (value: unknown): value is Callback<never> => typeof value === "function";

/** An argument in the callback's place that is not a callback counts as settings. */
export const settingsIn = (value: unknown): unknown => (isCallback(value) ? undefined : value);

export const callbackIn = <T>(value: unknown): Callback<T> | undefined =>
  isCallback(value) ? (value as Callback<T>) : undefined;
