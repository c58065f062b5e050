import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NodeInput } from "../../src/index.js";
import { locksOf, rejection, timed, uniqueName } from "../locks/support.js";
import { sharedServers } from "../support/shared-servers.js";

const [server, second, third] = sharedServers().map(({ port }) => port) as [number, number, number];
/** ms: much longer than any refusal takes. */
const wait = 20_000;

let redis: Redis;
beforeAll(() => {
  redis = new Redis({ port: server });
});
afterAll(() => redis.disconnect());

type Eval = (...args: never[]) => unknown;

/** Runs a script in the form that Holdfast documents. */
const run = (script: string, keys: readonly string[], args: readonly string[]): Promise<unknown> =>
  redis.eval(script, keys.length, ...keys, ...args);
const client = (evaluate: Eval) => ({ set: async () => "OK", eval: evaluate });
/** A client that changes each value in a reply. */
const changing = (change: (value: unknown) => unknown) => {
  const deep = (value: unknown): unknown => (Array.isArray(value) ? value.map(deep) : change(value));
  return client(async (...call: Parameters<typeof run>) => deep(await run(...call)));
};

function json(value: unknown): unknown {
  try {
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch {
    return value;
  }
}

/** As @upstash/redis: a number that would lose digits stays a string. */
const safeJson = (value: unknown): unknown => {
  const parsed = json(value);
  return typeof parsed === "number" && String(parsed) !== value ? value : parsed;
};

const working: Record<string, () => object> = {
  "arrays of keys and arguments": () => client(run),
  "the number of keys, and spread keys and arguments": () =>
    client((script: string, count: number, ...rest: string[]) => redis.eval(script, count, ...rest)),
  "named keys and arguments": () =>
    client((script: string, { keys, arguments: args }: { keys: string[]; arguments: string[] }) =>
      run(script, keys, args),
    ),
  "the shape of Bun's client": () => ({
    connected: true,
    set: async () => "OK",
    send: (name: string, args: string[]) => redis.call(name, ...args),
    connect: () => {},
    close: () => {},
    duplicate: () => {},
  }),
  "strings that are parsed as JSON": () => changing(json),
  "strings that are parsed as JSON unless digits would be lost": () => changing(safeJson),
  "integers as BigInt": () => changing((value) => (typeof value === "number" ? BigInt(value) : value)),
  "integers as strings": () => changing((value) => (typeof value === "number" ? String(value) : value)),
  "text as buffers": () => changing((value) => (typeof value === "string" ? Buffer.from(value) : value)),
  "empty strings as null": () => changing((value) => (value === "" ? null : value)),
};

describe.each(Object.entries(working))("a client with %s", (_, make) => {
  test.each(["123", "true", "null", '{"a":1}', "1e3"])(
    "locks, reports and releases, with the owner %s",
    async (owner) => {
      const options = { prefix: uniqueName(), ttl: 20_000 };
      const [ours, theirs] = [
        locksOf([make() as NodeInput], { ...options, owner }),
        locksOf([make() as NodeInput], options),
      ];
      for (let repeat = 0; repeat < 3; repeat++) {
        const lease = await ours.acquire(["a", "b"], { wait, fence: true });
        expect(lease.fence).toBeGreaterThan(0);
        expect(await theirs.tryAcquire("b")).toBeNull();
        expect((await theirs.inspect("b")).holder).toMatchObject({ owner, type: "string" });
        await lease.renew();
        expect(await lease.release()).toBe("released");
      }
    },
  );
});

/** The client, and the pattern of the message. */
const refused: Record<string, [() => object, RegExp]> = {
  "whose eval answers nothing": [() => client(async () => undefined), /answers undefined/],
  "whose eval answers null": [() => client(async () => null), /answers null/],
  "whose eval wraps the reply": [
    () => client(async (...call: Parameters<typeof run>) => ({ result: await run(...call) })),
    /answers an object/,
  ],
  "whose eval answers a Map": [
    () =>
      client(
        async (...call: Parameters<typeof run>) => new Map(Object.entries((await run(...call)) as object)),
      ),
    /answers an object of class Map/,
  ],
  "whose eval answers text": [
    () => client(async (...call: Parameters<typeof run>) => JSON.stringify(await run(...call))),
    /answers a string/,
  ],
  "whose eval takes no such arguments": [
    () => client(async (script: { text(): string }) => script.text()),
    /cannot be called as eval\(script, keys, args\): .*not a function/,
  ],
  "of a server without EVAL": [
    () => client(() => redis.call("EVALX", "secret-argument")),
    /^(?!.*secret-argument).*unknown command/s,
  ],
  "that imitates Redis": [
    () =>
      client(async () => {
        throw new Error("Error trying to execute lua: attempt to call a nil value (field 'sha1hex')");
      }),
    /imitation of Redis.*memoryNode\(\)/,
  ],
};

describe.each(Object.entries(refused))("a client %s", (_, [make, message]) => {
  test("is refused at once, with the reason", async () => {
    const locks = locksOf([make() as NodeInput], { prefix: uniqueName() });
    const { value: error, ms } = await timed(() => rejection(locks.acquire("a", { wait })));
    expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE", attempts: 1 });
    expect(error.message).toMatch(message);
    expect(error.message.match(/client 0/g)).toHaveLength(1);
    expect(ms).toBeLessThan(wait / 2);
  });

  test("changes nothing while the other nodes form a quorum", async () => {
    const addresses = [second, third].map((port) => `redis://127.0.0.1:${port}`);
    const locks = locksOf([make() as NodeInput, ...addresses], { prefix: uniqueName() });
    const lease = await locks.acquire("a", { wait });
    expect(await locks.tryAcquire("a")).toBeNull();
    expect(await lease.release()).toBe("released");
  });
});

test.each([
  [
    "Node.js",
    new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 10.0.0.1:443") }),
    "fetch failed (connect ECONNREFUSED 10.0.0.1:443)",
  ],
  ["Node.js, without the cause", new TypeError("fetch failed"), "fetch failed"],
  ["Chromium", new TypeError("Failed to fetch"), "Failed to fetch"],
  ["WebKit", new TypeError("Load failed"), "Load failed"],
])("a client that cannot reach its server is waited for: fetch of %s", async (_, failure, message) => {
  let reachable = false;
  const late = client(async (...call: Parameters<typeof run>) => {
    if (!reachable) throw failure;
    return run(...call);
  });
  const locks = locksOf([late], { prefix: uniqueName() });
  const error = await rejection(locks.acquire("a", { wait: 300 }));
  expect(error.code).toBe("ACQUIRE_TIMEOUT");
  expect(error.message).toContain(`client 0: ${message}`);
  const waiting = locks.acquire("a", { wait });
  reachable = true;
  await (await waiting).release();
});
