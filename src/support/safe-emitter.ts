import { EventEmitter } from "eventemitter3";
import { checkFunction, checkName } from "./checks.js";
import { testSafely } from "./untrusted.js";
import { warnBounded } from "./warn.js";

type Listener = (event: never) => unknown;
type Guard = (event: unknown) => void;

/**
 * An emitter that isolates its listeners. In eventemitter3, an exception from a listener propagates into `emit` and
 * skips the remaining listeners, and a rejected promise goes unnoticed. Here each failure is caught and reported.
 */
export class SafeEmitter<Events extends { [Name in keyof Events]: Listener }> {
  private readonly emitter = new EventEmitter<Record<string, Guard>>();
  private readonly guarded = new WeakMap<Listener, Map<string, Guard>>();

  constructor(
    private readonly names: readonly (keyof Events & string)[],
    private readonly onError: (error: unknown, event: string) => void,
  ) {}

  on<Name extends keyof Events & string>(name: Name, listener: Events[Name]): void {
    this.emitter.on(name, this.guard(name, listener));
  }

  once<Name extends keyof Events & string>(name: Name, listener: Events[Name]): void {
    // `once` of node:events adds a listener for "error" beside the one that is wanted. There is no such event here.
    if ((name as string) === "error") return void checkFunction("listener", listener);
    this.emitter.once(name, this.guard(name, listener));
  }

  off<Name extends keyof Events & string>(name: Name, listener: Events[Name]): void {
    this.emitter.off(name, this.guard(name, listener));
  }

  emit<Name extends keyof Events & string>(name: Name, event: Parameters<Events[Name]>[0]): void {
    this.emitter.emit(name, event);
  }

  /** Whether the event has a listener. Callers skip building an event without listeners. */
  hasListeners(name: keyof Events & string): boolean {
    return this.emitter.listenerCount(name) > 0;
  }

  clear(): void {
    this.emitter.removeAllListeners();
  }

  /** Returns the same guard for the same name and listener, so that `off` finds it. */
  private guard(name: string, listener: Listener): Guard {
    checkName("event", name, this.names);
    checkFunction("listener", listener);
    const guards = this.guarded.get(listener) ?? new Map<string, Guard>();
    this.guarded.set(listener, guards);
    const guard =
      guards.get(name) ?? ((event) => isolate(() => listener(event as never), name, this.onError));
    guards.set(name, guard);
    return guard;
  }
}

/** Runs a user's callback. An exception or rejection goes only to `onError`. Never throws. */
export function isolate(
  callback: () => unknown,
  name: string,
  onError: (error: unknown, event: string) => void,
): void {
  try {
    const result = callback();
    if (result !== undefined && isThenable(result)) {
      result.then(undefined, (error: unknown) => report(error, name, onError));
    }
  } catch (error) {
    report(error, name, onError);
  }
}

/** Calls `onError`. If `onError` throws or rejects in turn, a process warning says so. */
function report(error: unknown, name: string, onError: (error: unknown, event: string) => unknown): void {
  const warnOfFailure = () =>
    warnBounded("LISTENER_ERROR", `onListenerError failed when it was told of a listener of "${name}"`);
  try {
    const result = onError(error, name);
    if (isThenable(result)) result.then(undefined, warnOfFailure);
  } catch {
    warnOfFailure();
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  testSafely(
    () => typeof value === "object" && value !== null && "then" in value && typeof value.then === "function",
  );

/**
 * Ignores the rejection of a promise that was passed where a promise is not allowed. The misuse is reported
 * synchronously, and must not be reported again as an unhandled rejection.
 */
export function ignoreRejection(value: unknown): void {
  if (isThenable(value)) value.then(undefined, () => {});
}
