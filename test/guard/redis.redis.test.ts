import { randomUUID } from "node:crypto";
import { Cluster, Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GuardedRedis, guard, isHoldfastError } from "../../src/guard.js";
import { fiveServers } from "../locks/support.js";
import { sharedCluster } from "../support/shared-servers.js";
import { everyOrder } from "./every-order.js";

type Evaluate = (write: GuardedRedis) => Promise<unknown>;

const { url } = fiveServers()[0];
const newest = Number.MAX_SAFE_INTEGER;
const uniqueKey = () => `guard-${randomUUID().slice(0, 8)}`;

const ioredis = new Redis(url, { lazyConnect: true });
const nodeRedis = createClient({ url });
beforeAll(() => Promise.all([ioredis.connect(), nodeRedis.connect()]));
afterAll(() => Promise.all([ioredis.quit(), nodeRedis.close()]));

const evaluates: readonly (readonly [string, Evaluate])[] = [
  ["ioredis", ({ script, keys, args }) => ioredis.eval(script, keys.length, ...keys, ...args)],
  ["node-redis", ({ script, keys, args }) => nodeRedis.eval(script, { keys, arguments: args })],
];

describe.each(evaluates)("a guarded script over %s", (_, evaluate) => {
  const send = async (write: GuardedRedis) => write.outcome(await evaluate(write));
  const set = (fence: number, key: string, value: string) =>
    send(guard(fence).redis({ key, command: ["SET", value] }));

  it("writes if no fence, an older fence or its own fence was seen; also with many digits", async () => {
    const key = uniqueKey();
    for (const fence of [1, 1, 9, 10, newest - 1, newest, newest]) {
      expect(await set(fence, key, `by ${fence}`)).toBe("OK");
      expect(await ioredis.mget(key, `{${key}}:fence`)).toEqual([`by ${fence}`, String(fence)]);
    }
  });

  it("is refused if a newer fence was seen, and writes nothing", async () => {
    const key = uniqueKey();
    await set(newest, key, "first");
    const error = { code: "STALE_FENCE", fence: newest - 1, seen: newest };
    await expect(set(newest - 1, key, "late")).rejects.toMatchObject(error);
    expect(await ioredis.mget(key, `{${key}}:fence`)).toEqual(["first", String(newest)]);
  });

  it("runs any command on the key, and returns its reply", async () => {
    const [key, other] = [uniqueKey(), uniqueKey()];
    const run = (...command: (string | number)[]) => send(guard(5).redis({ key, command }));
    expect(await run("RPUSH", "a", 2)).toBe(2);
    expect(await run("RPUSH", ...Array<string>(4_900).fill("x"))).toBe(4_902);
    expect(await run("LRANGE", 0, 1)).toEqual(["a", "2"]);
    expect(await run("DEL")).toBe(1);
    expect(await send(guard(5).redis({ key: other, command: ["GET"] }))).toBe(null);
    // A deleted record stays deleted.
    await expect(send(guard(4).redis({ key, command: ["RPUSH", "late"] }))).rejects.toThrow("fence 5");
  });

  it("expires the fence as requested, counted from the last write, at the requested key", async () => {
    const [key, fenceKey] = [uniqueKey(), uniqueKey()];
    const write = (fence: number, keep?: number) =>
      send(guard(fence).redis({ key, command: ["INCR"], fenceKey, ...(keep === undefined ? {} : { keep }) }));
    await write(5, 60_000);
    await ioredis.pexpire(fenceKey, 1_000);
    await write(5, 60_000);
    expect(await ioredis.pttl(fenceKey)).toBeGreaterThan(50_000);
    expect(await ioredis.pttl(fenceKey)).toBeLessThanOrEqual(60_000);
    await write(5);
    expect(await ioredis.pttl(fenceKey)).toBe(-1);
  });

  it("keeps the fence if the command fails, and fails if the fence key holds another value", async () => {
    const [key, fenceKey] = [uniqueKey(), uniqueKey()];
    await ioredis.rpush(key, "a list");
    await expect(send(guard(5).redis({ key, fenceKey, command: ["INCR"] }))).rejects.toThrow("WRONGTYPE");
    expect(await ioredis.get(fenceKey)).toBe("5");
    for (const text of ["new", "-1", "1e3", "0x10"]) {
      await ioredis.set(fenceKey, text);
      await expect(send(guard(5).redis({ key, fenceKey, command: ["RPUSH", "x"] }))).rejects.toThrow(
        "no fence at",
      );
    }
    expect(await ioredis.llen(key)).toBe(1);
  });

  it("lets no late holder win, in whatever order the writes arrive", async () => {
    const begin = async () => {
      const key = uniqueKey();
      const write = (fence: number, value: string) => guard(fence).redis({ key, command: ["SET", value] });
      return {
        write: async (
          fence: number,
          value: string,
          step: (request: () => Promise<unknown>) => Promise<unknown>,
        ) => {
          const mine = write(fence, value);
          return mine.outcome(await step(() => evaluate(mine)));
        },
        read: () => ioredis.get(key),
      };
    };
    await everyOrder(begin, 60);
  });
});

it("many clients at once: the newest holder's last write remains", async () => {
  const key = uniqueKey();
  const holders = Array.from({ length: 10 }, (_, nth) => newest - nth);
  const refused: number[] = [];
  const write = async (fence: number, nth: number, evaluate: Evaluate) => {
    const mine = guard(fence).redis({ key, command: ["SET", `${fence}:${nth}`] });
    try {
      mine.outcome(await evaluate(mine));
    } catch (error) {
      if (!isHoldfastError(error, "STALE_FENCE")) throw error;
      refused.push(fence);
    }
  };
  const clients = evaluates.map(([, evaluate]) => evaluate);
  for (let nth = 0; nth < 20; nth++)
    await Promise.all(clients.flatMap((client) => holders.map((fence) => write(fence, nth, client))));
  expect(await ioredis.get(key)).toBe(`${newest}:19`);
  expect(refused).not.toContain(newest);
  // From the second round on all but one are late.
  expect(refused.length).toBeGreaterThanOrEqual(9 * 19 * clients.length);
});

it("a Cluster keeps the record and its fence in one slot, with and without a tag", async () => {
  const cluster = new Cluster(sharedCluster().ports.map((port) => ({ host: "127.0.0.1", port })));
  try {
    for (const key of [uniqueKey(), `${uniqueKey()}:{tag}`, `{${uniqueKey()}}:tagged`]) {
      const write = guard(5).redis({ key, command: ["SET", "x", "PX", 60_000], keep: 60_000 });
      const reply = await cluster.eval(write.script, write.keys.length, ...write.keys, ...write.args);
      expect(write.outcome(reply)).toBe("OK");
    }
  } finally {
    cluster.disconnect();
  }
});
