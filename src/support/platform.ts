/** All that the core needs of Node.js, in one place: a build for another platform replaces this file. */
import { AsyncResource } from "node:async_hooks";
import { Buffer } from "node:buffer";
import { type Channel, channel } from "node:diagnostics_channel";
import * as nodeModules from "node:module";
import * as nodeTimers from "node:timers";

export { Buffer, type Channel, channel };

/**
 * Returns a module of Node.js. Those that an import of Holdfast does not need are loaded when they are first used: with all
 * that they load in turn, they take about as long as Holdfast itself. Node.js before 20.16 has no `getBuiltinModule`.
 */
const nodeModule: typeof process.getBuiltinModule =
  process.getBuiltinModule ?? nodeModules.createRequire(process.execPath);

export const hostname = (): string => nodeModule("node:os").hostname();

export const inspect = (value: unknown): string => nodeModule("node:util").inspect(value);

/** Fills the bytes with random values that nobody can predict. */
export const fillRandomly = (bytes: Uint8Array): void => void nodeModule("node:crypto").randomFillSync(bytes);

/** Returns the asynchronous context of the running code. */
export const currentContext = (): AsyncResource => new AsyncResource("Holdfast");

/** Returns the asynchronous context of the running code, for as long as the process lives. */
export const lastingContext = (): AsyncResource => {
  const context = currentContext();
  // Tools that look for what keeps a process alive, such as those of test runners, need not know of the context.
  context.emitDestroy();
  return context;
};

export const processId: number = process.pid;

export const hashOf = (
  algorithm: "sha1" | "sha256",
  text: string,
  encoding: "hex" | "base64url" = "hex",
): string => nodeModule("node:crypto").createHash(algorithm).update(text).digest(encoding);

/** Also true for a `Uint8Array` of another realm, such as that of a test environment. */
export const isUint8Array = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && (value as Uint8Array)[Symbol.toStringTag] === "Uint8Array";

/**
 * The queues of the event loop are taken when this module loads, so that a test that replaces them later (fake timers)
 * does not hold back what waits in them. Time itself is read from the current globals: see engine/time/system-clock.ts.
 * `process` is the global, because an import of node:process opens the standard streams.
 */
const { nextTick: tickAtLoad } = process;
const { setImmediate: immediateAtLoad, clearTimeout: clearAtLoad } = nodeTimers;
const settled: Promise<void> = (async () => {})();

/** Sinon's fake timers, which Jest and Vitest use too, mark each function that they put in place of another. */
const isFake = (replaceable: object): boolean => Object.hasOwn(replaceable, "clock");

/** Calls back as a promise job. The callback must not throw. */
export const afterJobs = (callback: () => void): void => void settled.then(callback);

/** Calls back before any further event is handled. Fake timers that were there first leave only promise jobs. */
export const nextTick: (callback: () => void) => void = isFake(tickAtLoad) ? afterJobs : tickAtLoad;

const immediate: (callback: () => void) => void = isFake(immediateAtLoad) ? afterJobs : immediateAtLoad;

/** Calls back in a later phase of the event loop, after all pending promises and ticks. */
export const afterTicks = (callback: () => void): void => immediate(callback);

/** Calls back in a later phase of the event loop, after what lies in the sockets has been read. */
export const afterNextPoll = (callback: () => void): void => immediate(() => immediate(callback));

/** Clears a timer of Node.js itself. Does nothing with a timer that a test has put in its place. */
export const clearNodeTimeout = (timer: unknown): void => clearAtLoad(timer as NodeJS.Timeout);

const { hrtime } = process;
const { bigint: highResolution } = hrtime;

/** A monotonic clock in ms that is the same for all threads of the process. No fake timer replaces it. */
export const sharedMonotonic = (): number => Number(highResolution()) / 1e6;

/** The main thread's end of a thread. */
export interface Thread {
  post(message: unknown): void;
  /** While it is held, the thread keeps the process alive. */
  hold(held: boolean): void;
  terminate(): void;
}

export interface ThreadListener {
  message(message: unknown): void;
  /** Called once, with the error that ended the thread, or null if there was none. */
  ended(error: unknown): void;
}

/** The thread must be a script by itself, whatever the options of this process make of other scripts. */
const choosesForm = (option: string): boolean => /^--(?:input-type|experimental-default-type)\b/.test(option);

/**
 * Starts a thread that runs `code`, a CommonJS script, with `data`. It does not keep the process alive. Null on a platform
 * without threads.
 */
export const startThread:
  | ((name: string, code: string, data: unknown, listener: ThreadListener) => Thread)
  | null = (name, code, data, listener) => {
  const execArgv = process.execArgv.some(choosesForm) ? { execArgv: [] } : {};
  const { Worker } = nodeModule("node:worker_threads");
  const worker = new Worker(code, { eval: true, name, workerData: data, ...execArgv });
  let failure: unknown = null;
  worker.on("message", (message) => listener.message(message));
  worker.on("messageerror", (error) => {
    failure ??= error;
    void worker.terminate();
  });
  worker.on("error", (error) => {
    failure ??= error;
  });
  worker.on("exit", () => listener.ended(failure));
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    hold: (held) => (held ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
};

/** The thread's own end, for code that runs in a thread that {@link startThread} started. */
export const ownThread = {
  get data(): unknown {
    return nodeModule("node:worker_threads").workerData;
  },
  post: (message: unknown): void => nodeModule("node:worker_threads").parentPort?.postMessage(message),
  listen: (listener: (message: unknown) => void): void =>
    void nodeModule("node:worker_threads").parentPort?.on("message", listener),
};

/** Calls back once when the process exits, after the listeners that were there before. */
export const onExitLate = (callback: () => void): void => void process.once("exit", callback);

/** Calls back once when the process exits, before other listeners. */
export const onExit = (callback: () => void): void => void process.prependOnceListener("exit", callback);

export const emitWarning = (text: string, options: { type: string; code: string; detail?: string }): void =>
  process.emitWarning(text, options);

const exitEmitter: unique symbol = Symbol.for("signal-exit emitter") as never;

/** The signals of the process. Signals reach only the main thread. */
export const processSignals = {
  get reachThisThread(): boolean {
    return nodeModule("node:worker_threads").isMainThread;
  },
  /** The number of a signal; undefined if the platform does not have the signal. */
  numberOf: (signal: string): number | undefined =>
    (nodeModule("node:os").constants.signals as Record<string, number>)[signal],
  /** Adds a listener before all others, so that it sees the listeners that the signal removes. */
  listen: (signal: string, listener: (signal: string) => void): void =>
    void process.prependListener(signal as NodeJS.Signals, listener),
  unlisten: (signal: string, listener: (signal: string) => void): void =>
    void process.removeListener(signal, listener),
  listenerCount: (signal: string): number => process.listenerCount(signal),
  /**
   * The number of listeners of the package signal-exit, which many packages use. They decide nothing: if no other listener
   * is left, they give the signal its default effect.
   */
  exitHookCount(): number {
    const emitters = [
      (globalThis as { [exitEmitter]?: { count?: unknown } })[exitEmitter],
      (process as { __signal_exit_emitter__?: { count?: unknown } }).__signal_exit_emitter__,
    ];
    return emitters.reduce((sum, emitter) => sum + Math.max(0, Number(emitter?.count ?? 0) || 0), 0);
  },
  /** Sends the signal to this process. */
  raise: (signal: string): void => void process.kill(process.pid, signal),
};

/** Ends the process. */
export const exitProcess = (code: number): void => process.exit(code);

/** From now on, uncaught errors that `accepts` accepts do not end the process. All others do what they did. */
export function ignoreUncaught(accepts: (error: unknown) => boolean): void {
  process.on("uncaughtExceptionMonitor", (error) => {
    // A listener or a callback of the program decides by itself.
    if (process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback())
      return;
    if (accepts(error)) process.once("uncaughtException", () => {});
  });
}

/** What keeps the event loop alive, as far as Node.js tells: its handles, and the number of timers and requests. */
export interface EventLoopUse {
  readonly handles: readonly object[];
  readonly others: number;
}

/** A standard stream has a handle as soon as it is mentioned. It keeps the event loop alive only while it is being read. */
const isIdleStandardStream = ({ fd, _handle }: { fd?: unknown; _handle?: { reading?: unknown } }): boolean =>
  fd === 1 || fd === 2 || (fd === 0 && _handle?.reading === false);

/**
 * Returns what keeps the event loop alive, without the standard streams that do not. Null where the runtime
 * does not tell.
 */
export function eventLoopUse(): EventLoopUse | null {
  const { _getActiveHandles: getHandles } = process as { _getActiveHandles?: () => object[] };
  if (getHandles === undefined || process.getActiveResourcesInfo === undefined) return null;
  const handles = getHandles.call(process);
  const others = process.getActiveResourcesInfo().length - handles.length;
  return { handles: handles.filter((handle) => !isIdleStandardStream(handle)), others };
}
