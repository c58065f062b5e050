import { Redis as Ioredis, type Redis } from "ioredis";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { createLocks, type Lease, type Locks } from "../../src/index.js";
import { Redlock } from "../../src/redlock.js";
import { endAll, holdfast, startHoldfast } from "../cli/support/holdfast.js";
import { clients, locksOf, ownServers, rejection } from "../locks/support.js";
import { type RedisServer, waitUntil } from "../support/servers.js";
import { Paper } from "./support/paper.js";

afterEach(endAll);

/** One for each way to be let in, so that each is found by itself. */
const passwords = {
  server: "p4ss/w:rd#?@% of-the-server",
  ioredis: "hunter-of-ioredis",
  nodeRedis: 'hunter "of" node-redis',
  address: "hunter/of:an?address#@",
  plain: "hunter-of-plain",
  command: 'top "secret", 1/2',
  wrong: "a-wrong-one-is-a-secret-too",
} as const;
const users = ["ioredis", "nodeRedis", "address", "plain", "command"] as const;

/** As written, and as it stands in an address. */
const forms = (text: string) => [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)];

/** Every token that the servers were ever sent: whatever looks like one in what they are told to do. */
async function eavesdrop(servers: readonly RedisServer[]): Promise<Set<string>> {
  const tokens = new Set<string>();
  for (const { port } of servers) {
    const client = new Ioredis(port, "127.0.0.1", { password: passwords.server, retryStrategy: () => null });
    client.on("error", () => {});
    const monitor: Redis = await client.monitor();
    onTestFinished(() => {
      monitor.disconnect();
      client.disconnect();
    });
    monitor.on("error", () => {});
    monitor.on("monitor", (_time: string, args: string[]) => {
      for (const word of args) if (/^[^~]+~[\w-]{22}$/.test(word)) tokens.add(word);
    });
  }
  return tokens;
}

const addressOf = (port: number, user: string, password: string) =>
  `redis://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}`;

/** A node of each kind; which server gets which differs from manager to manager. */
function nodesOf(servers: readonly RedisServer[], turn: number): object[] {
  const kinds = [
    (port: number) => clients.ioredis(port, { username: "ioredis", password: passwords.ioredis }),
    (port: number) => clients.nodeRedis(port, { username: "nodeRedis", password: passwords.nodeRedis }),
    (port: number) => addressOf(port, "address", passwords.address),
    (port: number) => clients.plain(port, { username: "plain", password: passwords.plain }),
  ];
  return servers.map(({ port }, index) =>
    (kinds[(index + turn) % kinds.length] as (port: number) => object)(port),
  );
}

async function lockedServers(): Promise<RedisServer[]> {
  const servers = await ownServers(3, { password: passwords.server });
  for (const server of servers) {
    for (const user of users) {
      await server.call("ACL", "SETUSER", user, "on", `>${passwords[user]}`, "~*", "&*", "+@all");
    }
  }
  return servers;
}

/** Waiting, renewal, contention, loss, handing over: what goes well, and what goes wrong. */
async function live(
  paper: Paper,
  servers: readonly RedisServer[],
  ours: Locks,
  theirs: Locks,
): Promise<void> {
  const failing = async (promise: Promise<unknown>) => paper.note(await rejection(promise));
  const everyone = (...command: [string, ...string[]]) =>
    Promise.all(servers.map((server) => server.call(...command)));
  const handle = ours.handle("a", {
    onLost: (event) => {
      paper.note(event);
      throw new Error("a listener's own");
    },
  });
  handle.on("acquired", (event) => paper.note(event));
  const lease = await handle.acquire();
  for (const thing of [lease, handle, ours, handle.lease, lease.signal, await theirs.inspect("a")])
    paper.note(thing);
  paper.noteShort(handle.actor.getSnapshot());
  paper.noteShort(handle.actor);
  await failing(theirs.acquire("a", { wait: 200 }));
  await failing(theirs.acquire("a", { wait: 0 }));
  await failing(theirs.acquire(["a", "b"], { wait: 100 }));
  await failing(theirs.acquire("a", { signal: AbortSignal.timeout(50) }));
  await failing(handle.acquire());
  const waiting = theirs.acquire("a", { fence: true });
  await lease.renew();
  await lease.release();
  await failing(lease.renew());
  const next = await waiting;
  paper.note(next);
  const note = next.handover();
  for (const broken of [`${note}x`, note.slice(0, -5), note.replace("holdfast", "holdslow")]) {
    await failing(ours.adopt(broken));
  }
  const adopted = await ours.adopt(note);
  paper.note(adopted);
  await failing(theirs.adopt(note));
  if (paper.shows([note, note.slice(10)]).length > 0) throw new Error("it shows the handover");

  await everyone("DEL", "a");
  await everyone("SET", "a", "a-foreign-token-of-somebody");
  await waitUntil("the loss was noticed", 5_000, () => adopted.signal.aborted);
  paper.note(adopted.signal.reason);
  await failing(theirs.acquire("a", { wait: 0 }));
  paper.note(await ours.inspect("a"));
  await everyone("DEL", "a");
  await everyone("LPUSH", "a", "a-foreign-token-of-somebody");
  await failing(theirs.acquire("a", { wait: 0 }));
  await everyone("DEL", "a");
  await everyone("SCRIPT", "FLUSH");
  await (await ours.acquire("a")).release();
  await everyone("CONFIG", "SET", "maxmemory", "1");
  await failing(ours.acquire("oom", { wait: 0 }));
  await everyone("CONFIG", "SET", "maxmemory", "0");
}

/** The Redlock class hands the token out as `lock.value`; what is logged by the way has it not. */
async function liveAsRedlock(paper: Paper, servers: readonly RedisServer[]): Promise<void> {
  // By addresses: a client that the program made stands in the votes as it is, and shows what it shows by itself.
  const nodes = servers.map(({ port }) => addressOf(port, "address", passwords.address));
  const redlock = new Redlock(nodes, { retryCount: 1 });
  redlock.on("error", (error) => paper.note(error));
  redlock.on("clientError", (error) => paper.note(error));
  paper.follow(redlock.locks);
  for (const lock of [await redlock.acquire(["r"], 5_000), await redlock.lock("s", 5_000)]) {
    paper.noteShort(lock);
    paper.note(await rejection(redlock.lock(lock.resources, 1_000)));
    paper.note(await rejection(redlock.acquire(lock.resources, 1_000)));
    paper.noteShort(await redlock.release(lock as never));
    paper.note(await rejection(redlock.extend(lock as never, 1_000)));
  }
  paper.noteShort(redlock);
  await redlock.locks.close({ timeout: 500 });
}

/** Where an error comes from is written too. */
const debug = { env: { HOLDFAST_DEBUG: "1" } };

/** The command, with an address for each node. */
async function runCommands(paper: Paper, servers: readonly RedisServer[], password: string): Promise<void> {
  const nodes = servers.flatMap(({ port }) => ["--node", addressOf(port, "command", password)]);
  const [told, shown] = password === passwords.wrong ? [[], ["--json"]] : [["--json"], []];
  const ended = await Promise.all([
    holdfast(["run", "--resource", "cli", "--wait", "2s", ...told, ...nodes, "--", "env"], debug),
    holdfast(["inspect", "cli", ...shown, ...nodes], debug),
  ]);
  for (const one of ended) paper.note(one);
}

/** While a lock of the command is held, others are refused it. */
async function contend(paper: Paper, servers: readonly RedisServer[]): Promise<void> {
  const nodes = servers.flatMap(({ port }) => ["--node", addressOf(port, "command", passwords.command)]);
  const args = ["run", "--resource", "held", "--ttl", "3s", "--grace", "100ms", "--json", ...nodes];
  const running = await startHoldfast([...args, "--", "sleep", "30"]);
  await running.logs("acquired");
  paper.note(await holdfast(["run", "--resource", "held", "--no-wait", ...nodes, "--", "true"]));
  paper.note(await holdfast(["inspect", "held", ...nodes]));
  for (const server of servers) await server.call("DEL", "held");
  paper.note(await running.ended);
}

/** With two of three servers gone. */
async function loseQuorum(paper: Paper, servers: readonly RedisServer[], ours: Locks): Promise<void> {
  const lease: Lease = await ours.acquire("q");
  await Promise.all(servers.slice(1).map((server) => server.kill()));
  await waitUntil("the lease is over", 8_000, () => lease.signal.aborted);
  paper.note(lease.signal.reason);
  paper.note(lease);
  for (const call of [ours.tryAcquire("q"), lease.renew(), ours.acquire(["q", "r"], { wait: 300 })]) {
    paper.note(await rejection(call));
  }
  paper.note(await ours.inspect("q"));
}

it("no token and no password is in anything that is told, shown, thrown or written, whatever happens", {
  timeout: 60_000,
}, async () => {
  const servers = await lockedServers();
  const tokens = await eavesdrop(servers);
  const paper = new Paper();
  paper.listen();
  const inspected = { inspect: (event: object) => paper.noteShort(event) };
  const options = { ttl: 1_500, nodeTimeout: 700, xstate: inspected };
  const ours = locksOf(nodesOf(servers, 0), { ...options, owner: "ours" });
  const theirs = locksOf(nodesOf(servers, 1), { ...options, owner: "theirs" });
  for (const locks of [ours, theirs]) paper.follow(locks);

  await live(paper, servers, ours, theirs);
  await liveAsRedlock(paper, servers);
  await Promise.all([
    runCommands(paper, servers, passwords.command),
    runCommands(paper, servers, passwords.wrong),
  ]);
  await contend(paper, servers);
  const shut = locksOf(
    servers.map(({ port }) => addressOf(port, "address", passwords.wrong)),
    { nodeTimeout: 500 },
  );
  paper.follow(shut);
  paper.note(await rejection(shut.tryAcquire("a")));
  paper.note(await shut.inspect("a"));
  await loseQuorum(paper, servers, ours);
  await Promise.all([ours.close({ timeout: 500 }), theirs.close({ timeout: 500 })]);

  expect(tokens.size).toBeGreaterThan(20);
  const secrets = new Set(Object.values(passwords).flatMap(forms));
  for (const token of tokens) secrets.add(token.slice(token.indexOf("~") + 1));
  secrets.add("a-foreign-token-of-somebody");
  expect(paper.shows(secrets)).toEqual([]);
  // It was listened to: what may be said was said, by everybody who says something.
  const said = [
    "heldFor",
    "overdue",
    "tokenHash",
    "quorumLost",
    "retrying",
    "nodeDown",
    "renewed",
    "@xstate.",
  ];
  const codes = [
    "LOCK_CONTENDED",
    "QUORUM_UNAVAILABLE",
    "ACQUIRE_TIMEOUT",
    "LEASE_EXPIRED",
    "HANDLE_BUSY",
    "INVALID_OPTION",
  ];
  const others = [
    "ExecutionError",
    "LockError",
    '"event":"acquired"',
    "is held by",
    "OOM",
    "WRONGPASS",
    "free",
    "no quorum of nodes",
  ];
  expect([...said, ...codes, ...others].filter((text) => !paper.has(text))).toEqual([]);
  // And it would have been found.
  const random = [...tokens][0]?.replace(/^.*~/, "") ?? "";
  const leaky = new Paper();
  leaky.note(
    new Error("outer", { cause: Object.assign(new Error("inner"), { lease: { deep: { random } } }) }),
  );
  leaky.note({ url: addressOf(1, "address", passwords.address) });
  expect(leaky.shows(secrets)).toEqual(
    expect.arrayContaining([encodeURIComponent(passwords.address), random]),
  );
});

describe("a password that is given in a way that cannot work", () => {
  const broken = [
    "redis://user:p4ssword@",
    "redis://:p4ssword@host:not-a-port",
    "redis://user:p4ss/word@host:6379",
    "redis:/user:p4ssword@host",
    "user:p4ssword@host:6379",
    "http://user:p4ssword@host",
    "redis://host:6379/0?password=p4ssword",
    "redis://user:p4ss#word@host/x",
  ];
  const two = (first: number, second: number) =>
    [first, second].map((database) => `redis://user:p4ssword@127.0.0.1:1/${database}`);
  const lists: [string, unknown][] = [
    ...broken.map((address): [string, unknown] => [address, [address]]),
    ["an address where a list should be", "redis://user:p4ss/word@host:6379"],
    ["two databases", two(0, 1)],
    ["the same address twice", two(0, 0)],
    ["options of a client", { password: "p4ssword" }],
  ];
  it.each(lists)("is not in the refusal: %s", (_, nodes) => {
    const paper = new Paper();
    try {
      createLocks({ nodes: nodes as string[] });
      expect.unreachable("it was accepted");
    } catch (error) {
      paper.note(error);
    }
    expect(paper.has("INVALID_OPTION") || paper.has("DUPLICATE_NODE")).toBe(true);
    expect(paper.has("p4ss")).toBe(false);
  });
});
