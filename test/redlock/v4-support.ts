import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { sharedServers } from "../support/shared-servers.js";
import { waitUntil } from "../support/wait-until.js";
import type { Scene } from "./compare.js";

/** Clients that fail their commands as soon as the connection is lost. */
export const hasty = { maxRetriesPerRequest: 0, retryStrategy: () => null } as const;

/** Counts the commands with this key that reach the first shared server from now on. */
export async function sightings<Face>(scene: Scene<Face>, key: string): Promise<() => number> {
  const socket = connect(sharedServers()[0]!.port, "127.0.0.1");
  scene.later(() => socket.destroy());
  let isWatching = false;
  let count = 0;
  createInterface(socket).on("line", (line) => {
    isWatching ||= line === "+OK";
    // What a script does is told as well, after the script itself.
    if (line.includes(`"${key}"`) && !line.includes(" lua] ")) count += 1;
  });
  socket.write("MONITOR\r\n");
  await waitUntil("the server tells what it is sent", 5_000, () => isWatching);
  return () => count;
}

/**
 * What all servers say, once it is alike or has had time to be: a call is answered when a majority is, and a server
 * that was met last may lag behind.
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

/** A client of whatever library. */
interface Reader {
  get(key: string): Promise<string | null>;
}

/** What stands in the key, on each server. */
export const read = (servers: readonly Reader[], key: string): Promise<(string | null)[]> =>
  settled(
    () => Promise.all(servers.map((server) => server.get(key))),
    (one, other) => (one === null) === (other === null),
  );

/** How many ms the key has left, on each server. */
export const left = (servers: readonly Redis[], key: string): Promise<number[]> =>
  settled(
    () => Promise.all(servers.map((server) => server.pttl(key))),
    (one, other) => Math.abs(one - other) < 500,
  );

/** On how many servers the key is. */
export const count = async (servers: readonly Reader[], key: string): Promise<number> =>
  (await read(servers, key)).filter((value) => value !== null).length;

/** Somebody else's lock. */
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

/** What would have ended the process while this ran: the messages. The runner's own listeners are set aside. */
export async function calmly(run: (heard: readonly string[]) => Promise<void>): Promise<readonly string[]> {
  const heard: string[] = [];
  const note = (error: unknown) => heard.push((error as Error).message);
  const aside = fatal.map((event) => process.rawListeners(event as "exit"));
  for (const event of fatal) process.removeAllListeners(event).on(event, note);
  try {
    await run(heard);
    // Rejections count as unhandled once all that is due has run.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    fatal.forEach((event, index) => {
      process.off(event, note);
      for (const listener of aside[index]!) process.on(event as "exit", listener as () => void);
    });
  }
  return heard;
}
