import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { sharedServers } from "../support/shared-servers.js";
import { waitUntil } from "../support/wait-until.js";
import type { CaseContext } from "./compare.js";

/** Options of clients that fail their commands as soon as the connection is lost. */
export const failFast = { maxRetriesPerRequest: 0, retryStrategy: () => null } as const;

/** Counts the commands with this key that reach the first shared server from now on. */
export async function countCommands<Api>(context: CaseContext<Api>, key: string): Promise<() => number> {
  const socket = connect(sharedServers()[0]!.port, "127.0.0.1");
  context.later(() => socket.destroy());
  let isWatching = false;
  let count = 0;
  createInterface(socket).on("line", (line) => {
    isWatching ||= line === "+OK";
    // The server also reports the commands of a script, after the script itself.
    if (line.includes(`"${key}"`) && !line.includes(" lua] ")) count += 1;
  });
  socket.write("MONITOR\r\n");
  await waitUntil("MONITOR is active", 5_000, () => isWatching);
  return () => count;
}

/**
 * The answers of all servers, once they agree or 500 ms have passed: a call is answered by a majority, and the other
 * servers may lag behind.
 */
async function settled<T>(ask: () => Promise<T[]>, alike: (one: T, other: T) => boolean): Promise<T[]> {
  const deadline = performance.now() + 500;
  for (;;) {
    const answers = await ask();
    const agree = answers.every((answer) => alike(answer, answers[0]!));
    if (agree || performance.now() > deadline) return answers;
    await sleep(10);
  }
}

/** A client of any library. */
interface Reader {
  get(key: string): Promise<string | null>;
}

/** The value of the key, on each server. */
export const read = (servers: readonly Reader[], key: string): Promise<(string | null)[]> =>
  settled(
    () => Promise.all(servers.map((server) => server.get(key))),
    (one, other) => (one === null) === (other === null),
  );

/** The remaining ttl of the key in ms, on each server. */
export const left = (servers: readonly Redis[], key: string): Promise<number[]> =>
  settled(
    () => Promise.all(servers.map((server) => server.pttl(key))),
    (one, other) => Math.abs(one - other) < 500,
  );

/** The number of servers that have the key. */
export const count = async (servers: readonly Reader[], key: string): Promise<number> =>
  (await read(servers, key)).filter((value) => value !== null).length;

/** Sets the key like another program's lock. */
export const occupy = (servers: readonly Redis[], key: string, ttl = 60_000): Promise<unknown> =>
  Promise.all(servers.map((server) => server.set(key, "somebody else", "PX", ttl)));

export const drop = (servers: readonly Redis[], key: string): Promise<unknown> =>
  Promise.all(servers.map((server) => server.del(key)));

export const gone = (servers: readonly Redis[], key: string): Promise<void> =>
  waitUntil("the keys are gone", 5_000, async () => {
    const values = await Promise.all(servers.map((server) => server.get(key)));
    return values.every((value) => value === null);
  });

const fatal = ["unhandledRejection", "uncaughtException"] as const;

/**
 * Runs the function and returns the messages of errors that would have ended the process. Detaches the test runner's
 * own listeners meanwhile.
 */
export async function collectFatalErrors(
  run: (messages: readonly string[]) => Promise<void>,
): Promise<readonly string[]> {
  const messages: string[] = [];
  const note = (error: unknown) => messages.push((error as Error).message);
  const aside = fatal.map((event) => process.rawListeners(event as "exit"));
  for (const event of fatal) process.removeAllListeners(event).on(event, note);
  try {
    await run(messages);
    // Rejections count as unhandled once all pending callbacks have run.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    fatal.forEach((event, index) => {
      process.off(event, note);
      for (const listener of aside[index]!) process.on(event as "exit", listener as () => void);
    });
  }
  return messages;
}
