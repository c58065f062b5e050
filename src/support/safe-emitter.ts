import { EventEmitter } from "eventemitter3";
import { checkFunction, checkName } from "../lock/option-checks.js";
import { looksRight } from "./untrusted.js";
import { warn } from "./warn.js";

type Listener = (event: never) => unknown;
type Guard = (event: unknown) => void;

/**
 * An emitter whose listeners cannot harm anybody: eventemitter3 lets one that throws throw into `emit` and skips
 * the rest, and knows nothing of one that rejects. Here each is isolated, and reported.
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
    this.emitter.once(name, this.guard(name, listener));
  }

  off<Name extends keyof Events & string>(name: Name, listener: Events[Name]): void {
    this.emitter.off(name, this.guard(name, listener));
  }

  emit<Name extends keyof Events & string>(name: Name, event: Parameters<Events[Name]>[0]): void {
    this.emitter.emit(name, event);
  }

  /** Whether anybody would hear it: an event that nobody hears need not be made. */
  hasListeners(name: keyof Events & string): boolean {
    return this.emitter.listenerCount(name) > 0;
  }

  clear(): void {
    this.emitter.removeAllListeners();
  }

  /** The same guard for the same name and listener, so that `off` finds it. */
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

/** Runs a callback of the user's; whether it throws or rejects, only `onError` hears of it. Never throws. */
export function isolate(
  callback: () => unknown,
  name: string,
  onError: (error: unknown, event: string) => void,
): void {
  const report = (error: unknown) => {
    try {
      onError(error, name);
    } catch {
      warn("LISTENER_ERROR", `onListenerError failed when it was told of a listener of "${name}"`);
    }
  };
  try {
    const result = callback();
    if (isThenable(result)) result.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  looksRight(
    () => typeof value === "object" && value !== null && "then" in value && typeof value.then === "function",
  );

/** A promise stands where none may: what is wrong is told at once, and must not be told again as a stray rejection. */
export function ignoreRejection(value: unknown): void {
  if (isThenable(value)) value.then(undefined, () => {});
}
