/** All that the core needs of Node.js, in one place: a build for another platform replaces this file. */
import { AsyncResource } from "node:async_hooks";
import { Buffer } from "node:buffer";
import { createHash, randomFillSync } from "node:crypto";
import { type Channel, channel } from "node:diagnostics_channel";
import { hostname } from "node:os";
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

/** Calls back before any further promise or event is handled. */
export const { nextTick } = process as { nextTick(callback: () => void): void };

/** Calls back in a later phase of the event loop, after what lies in the sockets has been read. */
export const afterNextPoll = (callback: () => void): void => void setImmediate(() => setImmediate(callback));

/** Calls back once when the process exits, before other listeners. */
export const onExit = (callback: () => void): void => void process.prependOnceListener("exit", callback);

export const emitWarning = (text: string, options: { type: string; code: string; detail?: string }): void =>
  process.emitWarning(text, options);
