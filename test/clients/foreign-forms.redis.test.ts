import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { sideKeysOf } from "../../src/engine/protocol/side-keys.js";
import { ioredisSubject, ioredisVersions } from "../contract/clients.js";
import { newProcess, queuedAcquire, queuedRelease } from "../contract/queue-contract.js";
import { acquire, granted, one, openReady, type Subject, tokenOf, uniqueKey } from "../contract/subject.js";
import { type RedisServer, startServer } from "../support/servers.js";

let server: RedisServer;
let subject: Subject;
let node: LockNode;
beforeAll(async () => {
  server = await startServer();
  const [, { Redis }] = ioredisVersions[0] as (typeof ioredisVersions)[number];
  subject = await openReady(() => ioredisSubject(new Redis({ port: server.port, lazyConnect: true })));
  node = subject.node;
});
afterAll(async () => {
  await node.close();
  await subject.end();
  await server.stop();
});

const queueOf = (key: string) => sideKeysOf(false).queue(key);
const now = async () => Number(((await server.call("TIME")) as string[])[0]) * 1_000;

/** Members of other forms: before all waiters, between marks that have expired, and as marks of unknown ids. */
const foreign: [score: number, member: string][] = [
  [1, "a-later-form"],
  [2, "v2 process:1"],
  [3, ":1"],
  [4, "process:1:2:3"],
  [5, "!process:1"],
  [-1, "?later"],
  [-2, "!a-later-form"],
];

/** A held key whose queue has the foreign members. */
async function contended() {
  const [key, holder, { place }] = [uniqueKey(), tokenOf("holder"), newProcess()];
  expect(await one(node, acquire(key, holder, 60_000))).toEqual(granted);
  for (const [score, member] of foreign) await server.call("ZADD", queueOf(key), String(score), member);
  const left = async () => {
    const members = (await server.call("ZRANGE", queueOf(key), "0", "-1")) as string[];
    return foreign.filter(([, member]) => !members.includes(member));
  };
  return { key, holder, place, left };
}

describe("members of another form in a queue", () => {
  test("are passed over: the first waiter has its turn, and they are left alone", async () => {
    const { key, holder, place, left } = await contended();
    const [first, second] = [place("a:5000", 1), place("b:5000", 2)];
    for (const each of [first, second])
      expect(await one(node, queuedAcquire(key, each))).toMatchObject({ kind: "denied" });
    expect(await one(node, queuedRelease(key, holder, null, true))).toEqual(granted);
    expect(await one(node, queuedAcquire(key, null))).toMatchObject({ kind: "denied", holder: null });
    expect(await one(node, queuedAcquire(key, second))).toMatchObject({ kind: "denied", holder: null });
    const token = tokenOf("next");
    expect(await one(node, queuedAcquire(key, first, { token }))).toEqual(granted);
    expect(await left()).toEqual([]);
    expect(await one(node, queuedRelease(key, token, first.id, true))).toEqual(granted);
    expect(await one(node, queuedAcquire(key, second))).toEqual(granted);
    expect(await left()).toEqual([]);
  });

  test("do not keep a key from a caller that does not wait", async () => {
    const { key, holder, left } = await contended();
    expect(await one(node, queuedRelease(key, holder, null, true))).toEqual(granted);
    expect(await one(node, queuedAcquire(key, null))).toEqual(granted);
    expect(await left()).toEqual([]);
  });

  test("cost a waiter at most its turn, however many they are", async () => {
    const { key, holder, place } = await contended();
    const many = Array.from({ length: 1_000 }, (_, index) => [String(index + 10), `later-${index}`]).flat();
    await server.call("ZADD", queueOf(key), ...many);
    expect(await one(node, queuedAcquire(key, place("a:5000", 1)))).toMatchObject({ kind: "denied" });
    expect(await one(node, queuedRelease(key, holder, null, true))).toEqual(granted);
    expect(await one(node, queuedAcquire(key, place("a:5000", 1)))).toEqual(granted);
  });

  test("do not outlive the queue: it expires as a whole", async () => {
    const { key, place } = await contended();
    expect(await one(node, queuedAcquire(key, place("a", 1)))).toMatchObject({ kind: "denied" });
    expect(await server.call("PTTL", queueOf(key))).toBeGreaterThan(0);
  });
});

test("entries of another form in the record of sets are neither reported nor deleted", async () => {
  await server.call("HSET", "holdfast:sets", "v2 *,a,b ", "soon", "v2", "{}");
  await server.call("HSET", "holdfast:sets", "*,x ", String((await now()) - 170_000), "*,y ", "1");
  const record = await node.recordSets?.("*,a,b ", "", 0);
  expect(record?.uses.map(({ sets }) => sets).sort()).toEqual(["*,a,b ", "*,x "]);
  const fields = (await server.call("HKEYS", "holdfast:sets")) as string[];
  expect(fields.sort()).toEqual(["*,a,b ", "*,x ", "v2", "v2 *,a,b "]);
});
