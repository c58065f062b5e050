/** All that the core needs of Node.js, in one place: a build for another platform replaces this file. */
import { AsyncResource } from "node:async_hooks";
import { Buffer } from "node:buffer";
import { createHash, randomFillSync } from "node:crypto";
import { type Channel, channel } from "node:diagnostics_channel";
import { hostname } from "node:os";
import * as nodeProcess from "node:process";
import * as nodeTimers from "node:timers";
import { inspect, types } from "node:util";

export { Buffer, type Channel, channel, hostname, inspect, randomFillSync };

/** Returns the asynchronous context of the running code. */
export const currentContext = (): AsyncResource =>
  // Without this option, Node would watch the object until it is garbage-collected.
  new AsyncResource("Holdfast", { requireManualDestroy: true });

export const processId: number = process.pid;

export const hashOf = (
  algorithm: "sha1" | "sha256",
  text: string,
  encoding: "hex" | "base64url" = "hex",
): string => createHash(algorithm).update(text).digest(encoding);

export const { isUint8Array } = types;

/**
 * The queues of the event loop are taken when this module loads, so that a test that replaces them later (fake timers)
 * does not hold back what waits in them. Time itself is read from the current globals: see engine/time/system-clock.ts.
 */
const { nextTick: tickAtLoad } = nodeProcess;
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

/** Calls back once when the process exits, before other listeners. */
export const onExit = (callback: () => void): void => void process.prependOnceListener("exit", callback);

export const emitWarning = (text: string, options: { type: string; code: string; detail?: string }): void =>
  process.emitWarning(text, options);
