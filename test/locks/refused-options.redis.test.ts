import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  type AcquireOptions,
  createLocks,
  InvalidOptionError,
  type LocksOptions,
  type NodeInput,
} from "../../src/index.js";
import { clients, fiveServers } from "./support.js";

const [one, two, three] = fiveServers();

/** Unconnected clients. A request would have connected them. */
function unconnectedClients() {
  const ioredis = clients.ioredis(one.port, { lazyConnect: true });
  const nodeRedis = clients.nodeRedis(two.port);
  const plain = clients.plain(three.port, { lazyConnect: true });
  const untouched = () =>
    ioredis.status === "wait" &&
    !nodeRedis.isOpen &&
    plain.calls.length === 0 &&
    plain.client.status === "wait";
  return { nodes: [ioredis, nodeRedis, plain], untouched };
}

/** Options that callers without types can pass. */
type Anything = Record<string, unknown>;
/** The option, the value, the value as shown in the message, and the allowed values in the message. */
type Case = readonly [option: string, value: unknown, shown: string, allowed: RegExp];

const ttlAllowed = /an integer from 1 to Number.MAX_SAFE_INTEGER/;
const perAcquisition: readonly Case[] = [
  ["ttl", 0, "0", ttlAllowed],
  ["ttl", -1, "-1", ttlAllowed],
  ["ttl", 1.5, "1.5", ttlAllowed],
  ["ttl", Number.NaN, "NaN", ttlAllowed],
  ["ttl", "1000", '"1000"', ttlAllowed],
  ["ttl", Number.POSITIVE_INFINITY, "Infinity", ttlAllowed],
  ["ttl", null, "null", ttlAllowed],
  ["wait", null, "null", /a number of ms, at least 0/],
  ["wait", Number.NaN, "NaN", /a number of ms, at least 0/],
  ["wait", -1, "-1", /a number of ms, at least 0/],
  ["wait", "5", '"5"', /a number of ms, at least 0/],
  ["retry", 5, "5", /a function, or an object with count, delay, maxDelay and jitter/],
  ["retry", "often", '"often"', /a function, or an object/],
  ["retry", false, "false", /a function, or an object/],
  ["retry.count", { count: -1 }, "-1", /an integer from 0, or Infinity/],
  ["retry.count", { count: 1.5 }, "1.5", /an integer from 0, or Infinity/],
  ["retry.delay", { delay: Number.NaN }, "NaN", /a finite number of ms, at least 0/],
  ["retry.maxDelay", { maxDelay: -5 }, "-5", /a finite number of ms, at least 0/],
  ["retry.jitter", { jitter: "some" }, '"some"', /a finite number of ms, at least 0/],
  ["maxHold", 0, "0", /a number of ms, at least 1/],
  ["maxHold", Number.NaN, "NaN", /a number of ms, at least 1/],
  ["renew", 1, "1", /true or false/],
  ["fence", "yes", '"yes"', /true or false/],
  ["onLost", "call me", '"call me"', /a function/],
  ["onLost", {}, "an object", /a function/],
];
const perManager: readonly Case[] = [
  ...perAcquisition.filter(([option]) => option !== "fence"),
  ["nodeTimeout", 0, "0", /a finite number of ms, at least 1/],
  ["nodeTimeout", Number.NaN, "NaN", /a finite number of ms, at least 1/],
  ["nodeTimeout", "fast", '"fast"', /a finite number of ms, at least 1/],
  ["nodeTimeout", 10_000, "10000", /less than the ttl of 10000 ms/],
  ["driftFactor", 1, "1", /a number from 0 to less than 1/],
  ["driftFactor", -0.1, "-0.1", /a number from 0 to less than 1/],
  ["owner", "", '""', /1 to 128 printable characters without "~"/],
  ["owner", "a~b", '"a~b"', /without "~"/],
  ["owner", "tab\there", '"tab\\there"', /printable/],
  ["owner", 7, "7", /printable/],
  ["nodeTimeout", null, "null", /a finite number of ms, at least 1/],
  ["owner", null, "null", /printable/],
  ["prefix", null, "null", /a string/],
  ["prefix", 7, "7", /a string/],
  ["prefix", {}, "an object", /a string/],
  ["onListenerError", true, "true", /a function/],
];
const aSignal: readonly Case[] = [
  ["signal", {}, "an object", /an AbortSignal/],
  ["signal", "stop", '"stop"', /an AbortSignal/],
];

const optionsFor = ([option, value]: Case) => ({ [option.split(".")[0] as string]: value });
const title = ([option, value]: Case) => `${option}: ${inspect(value)}`;

function expectRefusal(error: unknown, [option, , shown, allowed]: Case): void {
  expect(error).toBeInstanceOf(InvalidOptionError);
  const refusal = error as InvalidOptionError;
  expect(refusal.code).toBe("INVALID_OPTION");
  expect(refusal.option).toBe(option);
  expect(refusal.message).toMatch(allowed);
  expect(refusal.message).toBe(`${option} must be ${refusal.allowed}; got ${shown}`);
}

/** Returns the error that a call throws or its promise rejects with. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    return new Error(`nothing failed: ${String(await call())}`);
  } catch (error) {
    return error;
  }
}

describe("an invalid option is rejected before any request is sent", () => {
  it.each(perManager.map((each) => [title(each), each] as const))("by createLocks, %s", async (_, bad) => {
    const { nodes, untouched } = unconnectedClients();
    // createLocks throws synchronously.
    const make = () => createLocks({ nodes, ...(optionsFor(bad) as unknown as Anything) } as LocksOptions);
    expect(make).toThrow(InvalidOptionError);
    expectRefusal(await failureOf(make), bad);
    expect(untouched()).toBe(true);
  });

  const cases = [...perAcquisition, ...aSignal];
  it.each(cases.map((each) => [title(each), each] as const))(
    "by every acquiring method, %s",
    async (_, bad) => {
      const { nodes, untouched } = unconnectedClients();
      const locks = createLocks({ nodes });
      const options = optionsFor(bad) as AcquireOptions;
      const ways = {
        acquire: () => locks.acquire("a", options),
        tryAcquire: () => locks.tryAcquire("a", options),
        using: () => locks.using("a", options, () => {}),
        handle: () => locks.handle("a", options),
        "handle.acquire": () => locks.handle("a").acquire(options),
      };
      for (const way of Object.values(ways)) expectRefusal(await failureOf(way), bad);
      expect(untouched()).toBe(true);
      await locks.close();
    },
  );

  const resources: readonly (readonly [unknown, string, string, RegExp])[] = [
    ["", "resource", '""', /a non-empty string/],
    [undefined, "resource", "undefined", /a non-empty string/],
    [42, "resource", "42", /a non-empty string/],
    [[], "resources", "an empty array", /a non-empty string, or a list of them/],
    [["a", ""], "resources", '""', /a non-empty string/],
    [["a", 1], "resources", "1", /a non-empty string/],
    [["a", "b", "a"], "resources", '"a"', /given only once in a list/],
  ];
  it.each(resources)("for the resource %j", async (value, option, shown, allowed) => {
    const { nodes, untouched } = unconnectedClients();
    const locks = createLocks({ nodes });
    const resource = value as string;
    const ways = [
      () => locks.acquire(resource),
      () => locks.tryAcquire(resource),
      () => locks.using(resource, () => {}),
      () => locks.handle(resource),
    ];
    for (const way of ways) expectRefusal(await failureOf(way), [option, value, shown, allowed]);
    expect(await failureOf(() => locks.inspect(resource))).toBeInstanceOf(InvalidOptionError);
    expect(untouched()).toBe(true);
    await locks.close();
  });

  it("for an invalid job, a renewal's TTL, a handover, and the timeout of close()", async () => {
    const { nodes, untouched } = unconnectedClients();
    const locks = createLocks({ nodes });
    const refused = async (call: () => unknown, option: string) =>
      expect(await failureOf(call)).toMatchObject({ code: "INVALID_OPTION", option });
    await refused(() => locks.using("a", undefined as unknown as () => void), "job");
    await refused(() => locks.using("a", {}, "job" as unknown as () => void), "job");
    await refused(() => locks.adopt("not one"), "handover");
    await refused(() => locks.adopt(7 as unknown as string), "handover");
    await refused(() => locks.close({ timeout: Number.NaN }), "timeout");
    expect(untouched()).toBe(true);
    await locks.close();
  });
});

describe("invalid nodes are rejected with the accepted kinds", () => {
  const lists: readonly unknown[] = [undefined, [], "redis://127.0.0.1", {}, null];
  it.each(lists.map((list) => [inspect(list), list]))("not a list: %s", (_, nodes) => {
    expect(() => createLocks({ nodes } as unknown as LocksOptions)).toThrow(
      /^nodes must be a list of at least one client, address or memoryNode\(\); got /,
    );
  });

  it("without options", () => {
    expect(() => createLocks(undefined as unknown as LocksOptions)).toThrow(
      "options must be a plain object with properties of its own, such as nodes; got undefined",
    );
  });

  const strangers: readonly unknown[] = [7, null, undefined, {}, [], () => {}, Promise.resolve(), new Map()];
  it.each(strangers.map((stranger) => [inspect(stranger), stranger]))(
    "no client: %s",
    async (_, stranger) => {
      const { nodes, untouched } = unconnectedClients();
      const error = await failureOf(() => createLocks({ nodes: [...nodes, stranger as NodeInput] }));
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error).toMatchObject({ option: "nodes[3]" });
      expect(String(error)).toContain("a client of ioredis or node-redis");
      expect(untouched()).toBe(true);
    },
  );

  const addresses = ["", "localhost", "http://127.0.0.1", "redis://", "redis://host/x", "redis://host:99999"];
  it.each(addresses)("an invalid address: %j", (address) => {
    expect(() => createLocks({ nodes: [address] })).toThrow(
      /^nodes\[0\] must be a redis:\/\/ or rediss:\/\/ address/,
    );
  });
});
