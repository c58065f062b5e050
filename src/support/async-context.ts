import { lastingContext } from "./platform.js";

/** The asynchronous context of one caller, which determines what an AsyncLocalStorage returns there. */
export interface AsyncContext {
  runInAsyncScope<This, Args extends unknown[], Result>(
    callback: (this: This, ...args: Args) => Result,
    thisArg?: This,
    ...args: Args
  ): Result;
}

/** The context of no caller, for what serves several callers or outlives them. */
export const sharedContext: AsyncContext = lastingContext();

/** Returns the context of the requests' caller; null if there are several callers, or if the caller is not known. */
export function soleCaller(
  requests: readonly { readonly caller?: AsyncContext | null }[],
): AsyncContext | null {
  const caller = requests[0]?.caller ?? null;
  return requests.every((request) => request.caller === caller) ? caller : null;
}
