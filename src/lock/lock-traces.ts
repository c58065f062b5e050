import type { ObservedLock } from "./observed-lock.js";

/** The latest acquisition of a lock that is traced, and the id of its trace. */
const traces = new WeakMap<ObservedLock, { readonly acquisition: string | null; readonly trace: string }>();

const isTraceId = /^[0-9a-f]{32}$/;

/** Notes the trace that a lock's current acquisition belongs to, for the inspector. */
export function noteTrace(lock: ObservedLock, trace: string): void {
  if (isTraceId.test(trace)) traces.set(lock, { acquisition: lock.context.acquisition, trace });
}

/** The id of the trace of the lock's current or latest acquisition: 32 hex digits. Undefined if it is not traced. */
export function traceOf(lock: ObservedLock): string | undefined {
  const known = traces.get(lock);
  return known !== undefined && known.acquisition === lock.context.acquisition ? known.trace : undefined;
}
