import { LinkedList, ListNode } from "./linked-list.js";

/** The reason of a signal that is aborted. Older implementations of signals have none. */
export const abortReason = (signal: AbortSignal): unknown =>
  signal.reason === undefined ? new DOMException("This operation was aborted", "AbortError") : signal.reason;

class Callback extends ListNode {
  constructor(readonly call: (reason: unknown) => void) {
    super();
  }
}

/** The pending callbacks of one signal, and its only listener. */
class SignalCallbacks extends LinkedList<Callback> {
  constructor(private readonly signal: AbortSignal) {
    super();
    signal.addEventListener("abort", this.onAbort, { once: true });
  }

  removeOne(callback: Callback): void {
    if (callback.list === null) return;
    this.remove(callback);
    if (this.first !== null) return;
    this.signal.removeEventListener("abort", this.onAbort);
    bySignal.delete(this.signal);
  }

  private readonly onAbort = (): void => {
    bySignal.delete(this.signal);
    // A callback may remove another.
    for (let next = this.first; next !== null; next = this.first) {
      this.remove(next);
      next.call(abortReason(this.signal));
    }
  };
}

const bySignal = new WeakMap<AbortSignal, SignalCallbacks>();

/**
 * Calls back with the reason once, when the signal aborts. Returns the removal. The callback must not throw. However many
 * callbacks are pending, the signal has one listener: programs give one signal to thousands of calls, and Node warns of a
 * leak at more than ten listeners.
 */
export function onAbort(signal: AbortSignal, callback: (reason: unknown) => void): () => void {
  let callbacks = bySignal.get(signal);
  if (callbacks === undefined) {
    callbacks = new SignalCallbacks(signal);
    bySignal.set(signal, callbacks);
  }
  const own = new Callback(callback);
  callbacks.add(own);
  const of = callbacks;
  return () => of.removeOne(own);
}
