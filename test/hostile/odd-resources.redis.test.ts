import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { clients, countKeys, fiveServers, locksOf, uniqueName } from "../locks/support.js";
import { callRedis } from "../support/servers.js";
import { waitUntil } from "../support/wait-until.js";
import { holds } from "./support/property.js";

const servers = fiveServers().slice(0, 3);

/** Unusual names that are valid resources. */
const odd: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "\0",
  "a\0b",
  "\n",
  "a\r\nDEL a\r\n",
  "$3\r\nfoo\r\n",
  "{",
  "}",
  "{}",
  "{tag}a",
  "a{tag}",
  "{a}{b}",
  " ",
  "\t",
  "'",
  '"',
  "`",
  "\\",
  "%",
  "*",
  "?",
  "[a-z]",
  "~",
  "holdfast:",
  "é",
  "e\u0301",
  "\u202e",
  "\ufeff",
  "\uffff",
  "💥",
  "👩‍👩‍👧‍👦",
  "0",
  "-1",
  "NaN",
];

const libraries = ["ioredis", "node-redis"] as const;

function locksOver(library: (typeof libraries)[number], prefix: string, owner: string): Locks {
  const nodes = servers.map(({ port }) =>
    library === "ioredis" ? clients.ioredis(port) : clients.nodeRedis(port),
  );
  return locksOf(nodes, { prefix, owner, ttl: 20_000, nodeTimeout: 3_000 });
}

/** Performs all operations on a resource, with two contending managers. */
async function useAll(resource: string, ours: Locks, theirs: Locks): Promise<void> {
  const lease = await ours.acquire(resource, { fence: true });
  expect(lease.resources).toEqual([resource]);
  expect(await theirs.tryAcquire(resource)).toBeNull();
  expect(await theirs.inspect(resource)).toMatchObject({ resource, held: true, holder: { owner: "ours" } });
  const waiting = theirs.acquire(resource, { fence: true, wait: 15_000 });
  await lease.renew();
  await lease.release();
  const next = await waiting;
  expect(next.fence).toBeGreaterThan(lease.fence);
  // A grant in flight during the handover stays on its node until its TTL expires.
  await waitUntil("every node holds it", 5_000, async () => {
    await next.renew();
    return (await ours.inspect(resource)).nodes.every(({ holder }) => holder?.owner === "theirs");
  });
  const adopted = await ours.adopt(next.handover());
  expect(adopted.resources).toEqual([resource]);
  await adopted.release();
  expect(await ours.inspect(resource)).toMatchObject({ held: false, holder: null });
}

/** Only the records of fences remain, for a day. A release ends with a quorum, so other nodes may process it later. */
async function leavesNothing(prefix: string): Promise<void> {
  let left: unknown[] = [];
  const isEmpty = async () => {
    left = [];
    for (const { port } of servers) {
      for (const start of ["", "holdfast:queue:"]) {
        const keys = (await callRedis(port, ["KEYS", `${start}${prefix}*`])) as string[];
        for (const key of keys) left.push([port, key.slice(0, 60), await callRedis(port, ["PTTL", key])]);
      }
    }
    return left.length === 0;
  };
  await waitUntil("nothing is left", 5_000, isEmpty).catch((cause: unknown) => {
    throw new Error(`left behind: ${JSON.stringify(left)}`, { cause });
  });
}

async function forgetFences(prefix: string): Promise<void> {
  for (const { port } of servers) {
    const records = (await callRedis(port, ["KEYS", `holdfast:fence:${prefix}*`])) as string[];
    for (const record of records) await callRedis(port, ["DEL", record]);
  }
}

describe.each(libraries)("with %s", (library) => {
  let prefix: string;
  beforeAll(() => {
    prefix = uniqueName();
  });
  afterAll(() => forgetFences(prefix));

  it("a resource may be any text, which is locked unchanged and leaves nothing behind", async () => {
    const [ours, theirs] = [locksOver(library, prefix, "ours"), locksOver(library, prefix, "theirs")];
    await Promise.all(odd.map((resource) => useAll(resource, ours, theirs)));
    const any = fc
      .string({ unit: "binary", minLength: 1, maxLength: 40 })
      .filter((text) => !/\p{Surrogate}/u.test(text));
    await holds(
      fc.uniqueArray(any, { minLength: 1, maxLength: 20 }),
      async (resources) => {
        await Promise.all(resources.map((resource) => useAll(resource, ours, theirs)));
      },
      5,
    );
    await leavesNothing(prefix);
  });

  it("all names are distinct: they are held at the same time, separately and together", async () => {
    const [ours, theirs] = [locksOver(library, prefix, "ours"), locksOver(library, prefix, "theirs")];
    const leases = await Promise.all(odd.map((resource) => ours.acquire(resource)));
    expect(await countKeys(servers.slice(0, 1), prefix)).toBeLessThanOrEqual(odd.length);
    expect(await countKeys(servers, prefix)).toBeGreaterThanOrEqual(odd.length * 2);
    expect(await Promise.all(odd.map((resource) => theirs.tryAcquire(resource)))).toEqual(
      odd.map(() => null),
    );
    await Promise.all(leases.map((lease) => lease.release()));
    await leavesNothing(prefix);
    const all = await theirs.acquire(odd);
    expect(await ours.tryAcquire("__proto__")).toBeNull();
    await all.release();
    await leavesNothing(prefix);
  });

  it("a name of 512 kB works, and appears in no message", async () => {
    const [ours, theirs] = [locksOver(library, prefix, "ours"), locksOver(library, prefix, "theirs")];
    const long = "é".repeat(256 * 1024);
    await useAll(long, ours, theirs);
    await useAll(`${long}2`, ours, theirs);
    const held = await ours.acquire(long);
    const error = await theirs.acquire(long, { wait: 0 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "LOCK_CONTENDED" });
    expect(String(error).length).toBeLessThan(1_000);
    await held.release();
    await leavesNothing(prefix);
  });

  it("a lone surrogate is refused, because all of them are stored as the same character", async () => {
    const locks = locksOver(library, prefix, "ours");
    for (const half of ["\ud800", "\udfff", "a\ud83d", "\ude00b"]) {
      await expect(locks.acquire(half)).rejects.toMatchObject({ code: "INVALID_OPTION", option: "resource" });
      await expect(locks.inspect(half)).rejects.toMatchObject({ code: "INVALID_OPTION", option: "resource" });
    }
    await leavesNothing(prefix);
  });

  it("messages of any content on the wake-up channel do no harm", async () => {
    const [ours, theirs] = [locksOver(library, prefix, "ours"), locksOver(library, prefix, "theirs")];
    const held = await ours.acquire("a");
    const waiting = theirs.acquire("a", { wait: 15_000 });
    const channels = async () =>
      (await callRedis(servers[0]?.port ?? 0, ["PUBSUB", "CHANNELS", "holdfast:wake:*"])) as string[];
    await waitUntil("a subscriber exists", 5_000, async () => (await channels()).length > 0);
    const publisher = clients.ioredis(servers[0]?.port ?? 0);
    // Subscribers of other tests may receive the messages too, which do no harm there either.
    for (const channel of await channels()) {
      await holds(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
          fc.string(),
        ),
        async (message) => {
          await publisher.publish(channel, message);
        },
        100,
      );
    }
    await publisher.publish("holdfast:wake:nobody", "x".repeat(512 * 1024));
    held.assertHeld();
    expect((await theirs.inspect("a")).holder?.owner).toBe("ours");
    await held.release();
    await (await waiting).release();
    await leavesNothing(prefix);
  });
});
