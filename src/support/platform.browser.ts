/** What platform.ts has, for a browser: the build for browsers puts this file in its place. */
import type { AsyncContext } from "./async-context.js";
import { BrowserBuffer as Buffer } from "./browser/bytes.js";
import { sha1, sha256 } from "./browser/digest.js";
import type { EventLoopUse, Thread, ThreadListener } from "./platform.js";

export type { EventLoopUse, Thread, ThreadListener };
export { Buffer };

/** A diagnostics channel, to which nobody can subscribe here. */
export type Channel = ReturnType<typeof channel>;
export const channel = (
  name: string,
): { name: string; hasSubscribers: boolean; publish(message: unknown): void } => ({
  name,
  hasSubscribers: false,
  publish: () => {},
});

export const hostname = (): string => "browser";

export const inspect = (value: unknown): string => {
  if (value instanceof Error) return value.stack ?? String(value);
  return typeof value === "string" ? JSON.stringify(value) : String(value);
};

/** Fills the bytes with random values that nobody can predict. */
export const fillRandomly = (bytes: Uint8Array): void =>
  void crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);

/** The asynchronous context of the running code is none: a browser follows none. */
export const currentContext = (): AsyncContext => noContext;

/** The same for as long as the page lives. */
export const lastingContext = (): AsyncContext => noContext;

const noContext: AsyncContext = {
  runInAsyncScope: (callback, thisArg, ...args) => callback.call(thisArg as never, ...args),
};

/** Tells the pages of a browser apart. */
export const processId: number = Math.floor(Math.random() * 2 ** 22);

export const hashOf = (
  algorithm: "sha1" | "sha256",
  text: string,
  encoding: "hex" | "base64url" = "hex",
): string => Buffer.from((algorithm === "sha1" ? sha1 : sha256)(Buffer.from(text))).toString(encoding);

/** Also true for a `Uint8Array` of another realm. */
export const isUint8Array = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && (value as Uint8Array)[Symbol.toStringTag] === "Uint8Array";

const settled: Promise<void> = Promise.resolve();

/** Calls back as a promise job. The callback must not throw. */
export const afterJobs = (callback: () => void): void => void settled.then(callback);

/** Calls back before any further event is handled. */
export const nextTick = (callback: () => void): void => afterJobs(callback);

/** What waits for its turn in the event loop. A message is an event, and no timer that a browser slows down. */
const waiting: (() => void)[] = [];
let turns: ReturnType<typeof openTurns> | undefined;

function openTurns() {
  const { port1, port2 } = new MessageChannel();
  // The types here are those of Node.js, whose ports have this property as well.
  (port1 as unknown as { onmessage: () => void }).onmessage = () => waiting.shift()?.();
  return port2;
}

/** Calls back in a later turn of the event loop, after all pending promises. */
export const afterTicks = (callback: () => void): void => {
  waiting.push(callback);
  turns ??= openTurns();
  turns.postMessage(null);
};

/** Calls back in a later turn of the event loop, after what has arrived was handled. */
export const afterNextPoll = (callback: () => void): void => afterTicks(() => afterTicks(callback));

/** Clears a timer. */
export const clearNodeTimeout = (timer: unknown): void => clearTimeout(timer as number);

/** A monotonic clock in ms. */
export const sharedMonotonic = (): number => performance.now();

/** There are no threads here that the core could use. */
export const startThread:
  | ((name: string, code: string, data: unknown, listener: ThreadListener) => Thread)
  | null = null;

/** This is never a thread that `startThread` started. */
export const ownThread = {
  data: undefined as unknown,
  post: (_message: unknown): void => {},
  listen: (_listener: (message: unknown) => void): void => {},
};

/** A page does not exit: it is gone, and its leases expire. */
export const onExit = (_callback: () => void): void => {};
export const onExitLate = (_callback: () => void): void => {};

export const emitWarning = (
  text: string,
  { type, code }: { type: string; code: string; detail?: string },
): void => console.warn(`${type} [${code}]: ${text}`);

/** There are no signals here. */
export const processSignals = {
  reachThisThread: false,
  numberOf: (_signal: string): number | undefined => undefined,
  listen: (_signal: string, _listener: (signal: string) => void): void => {},
  unlisten: (_signal: string, _listener: (signal: string) => void): void => {},
  listenerCount: (_signal: string): number => 0,
  exitHookCount: (): number => 0,
  raise: (_signal: string): void => {},
};

export const exitProcess = (_code: number): void => {};

export function ignoreUncaught(_accepts: (error: unknown) => boolean): void {}

/** A browser does not tell. */
export const eventLoopUse = (): EventLoopUse | null => null;
