import { Redis as Ioredis, type Redis } from "ioredis";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { createLocks, type Lease, type Locks, type NodeInput } from "../../src/index.js";
import { Redlock } from "../../src/redlock.js";
import { endAll, holdfast, startHoldfast } from "../cli/support/holdfast.js";
import { clients, locksOf, ownServers, rejection } from "../locks/support.js";
import { type RedisServer, waitUntil } from "../support/servers.js";
import { CapturedOutput } from "./support/captured-output.js";

afterEach(endAll);

/** A different password for each way to authenticate, so that each can be found separately. */
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

/** A password as written, and as encoded in an address. */
const forms = (text: string) => [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)];

/** Collects every token that was sent to the servers, by its form in the monitored commands. */
async function recordTokens(servers: readonly RedisServer[]): Promise<Set<string>> {
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

/** One node of each kind; the assignment to servers differs between managers. */
function nodesOf(servers: readonly RedisServer[], turn: number): NodeInput[] {
  const kinds = [
    (port: number) => clients.ioredis(port, { username: "ioredis", password: passwords.ioredis }),
    (port: number) => clients.nodeRedis(port, { username: "nodeRedis", password: passwords.nodeRedis }),
    (port: number) => addressOf(port, "address", passwords.address),
    (port: number) => clients.plain(port, { username: "plain", password: passwords.plain }),
  ];
  return servers.map(({ port }, index) =>
    (kinds[(index + turn) % kinds.length] as (port: number) => NodeInput)(port),
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

/** Waits, renews, contends, loses and hands over, with and without failures. */
async function useAll(
  output: CapturedOutput,
  servers: readonly RedisServer[],
  ours: Locks,
  theirs: Locks,
): Promise<void> {
  const failing = async (promise: Promise<unknown>) => output.note(await rejection(promise));
  const everyone = (...command: [string, ...string[]]) =>
    Promise.all(servers.map((server) => server.call(...command)));
  const handle = ours.handle("a", {
    onLost: (event) => {
      output.note(event);
      throw new Error("a listener's own");
    },
  });
  handle.on("acquired", (event) => output.note(event));
  const lease = await handle.acquire();
  for (const thing of [lease, handle, ours, handle.lease, lease.signal, await theirs.inspect("a")])
    output.note(thing);
  output.noteShallow(handle.actor.getSnapshot());
  output.noteShallow(handle.actor);
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
  output.note(next);
  const note = next.handover();
  for (const broken of [`${note}x`, note.slice(0, -5), note.replace("holdfast", "holdslow")]) {
    await failing(ours.adopt(broken));
  }
  const adopted = await ours.adopt(note);
  output.note(adopted);
  await failing(theirs.adopt(note));
  if (output.shows([note, note.slice(10)]).length > 0) throw new Error("it shows the handover");

  await everyone("DEL", "a");
  await everyone("SET", "a", "a-foreign-token-of-somebody");
  await waitUntil("the loss was noticed", 5_000, () => adopted.signal.aborted);
  output.note(adopted.signal.reason);
  await failing(theirs.acquire("a", { wait: 0 }));
  output.note(await ours.inspect("a"));
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

/** The Redlock class exposes the token as `lock.value`, but its other output must not contain the token. */
async function useRedlock(output: CapturedOutput, servers: readonly RedisServer[]): Promise<void> {
  // Uses addresses: the votes contain a user's client as it is, with whatever it shows.
  const nodes = servers.map(({ port }) => addressOf(port, "address", passwords.address));
  const redlock = new Redlock(nodes, { retryCount: 1 });
  redlock.on("error", (error) => output.note(error));
  redlock.on("clientError", (error) => output.note(error));
  output.follow(redlock.locks);
  for (const lock of [await redlock.acquire(["r"], 5_000), await redlock.lock("s", 5_000)]) {
    output.noteShallow(lock);
    output.note(await rejection(redlock.lock(lock.resources, 1_000)));
    output.note(await rejection(redlock.acquire(lock.resources, 1_000)));
    output.noteShallow(await redlock.release(lock as never));
    output.note(await rejection(redlock.extend(lock as never, 1_000)));
  }
  output.noteShallow(redlock);
  await redlock.locks.close({ timeout: 500 });
}

/** Also prints the stack of errors. */
const debug = { env: { HOLDFAST_DEBUG: "1" } };

/** Runs the command with an address for each node. */
async function runCommands(
  output: CapturedOutput,
  servers: readonly RedisServer[],
  password: string,
): Promise<void> {
  const nodes = servers.flatMap(({ port }) => ["--node", addressOf(port, "command", password)]);
  const [runArgs, inspectArgs] = password === passwords.wrong ? [[], ["--json"]] : [["--json"], []];
  const ended = await Promise.all([
    holdfast(["run", "--resource", "cli", "--wait", "2s", ...runArgs, ...nodes, "--", "env"], debug),
    holdfast(["inspect", "cli", ...inspectArgs, ...nodes], debug),
  ]);
  for (const one of ended) output.note(one);
}

/** Contends for a lock that the command holds. */
async function contend(output: CapturedOutput, servers: readonly RedisServer[]): Promise<void> {
  const nodes = servers.flatMap(({ port }) => ["--node", addressOf(port, "command", passwords.command)]);
  const args = ["run", "--resource", "held", "--ttl", "3s", "--grace", "100ms", "--json", ...nodes];
  const running = await startHoldfast([...args, "--", "sleep", "30"]);
  await running.logs("acquired");
  output.note(await holdfast(["run", "--resource", "held", "--no-wait", ...nodes, "--", "true"]));
  output.note(await holdfast(["inspect", "held", ...nodes]));
  for (const server of servers) await server.call("DEL", "held");
  output.note(await running.ended);
}

/** Uses the locks with two of three servers down. */
async function loseQuorum(
  output: CapturedOutput,
  servers: readonly RedisServer[],
  ours: Locks,
): Promise<void> {
  const lease: Lease = await ours.acquire("q");
  await Promise.all(servers.slice(1).map((server) => server.kill()));
  await waitUntil("the lease is over", 8_000, () => lease.signal.aborted);
  output.note(lease.signal.reason);
  output.note(lease);
  for (const call of [ours.tryAcquire("q"), lease.renew(), ours.acquire(["q", "r"], { wait: 300 })]) {
    output.note(await rejection(call));
  }
  output.note(await ours.inspect("q"));
}

it("no event, output, error or log contains a token or a password", {
  timeout: 60_000,
}, async () => {
  const servers = await lockedServers();
  const tokens = await recordTokens(servers);
  const output = new CapturedOutput();
  output.listen();
  const inspected = { inspect: (event: object) => output.noteShallow(event) };
  const options = { ttl: 1_500, nodeTimeout: 700, xstate: inspected };
  const ours = locksOf(nodesOf(servers, 0), { ...options, owner: "ours" });
  const theirs = locksOf(nodesOf(servers, 1), { ...options, owner: "theirs" });
  for (const locks of [ours, theirs]) output.follow(locks);

  await useAll(output, servers, ours, theirs);
  await useRedlock(output, servers);
  await Promise.all([
    runCommands(output, servers, passwords.command),
    runCommands(output, servers, passwords.wrong),
  ]);
  await contend(output, servers);
  const shut = locksOf(
    servers.map(({ port }) => addressOf(port, "address", passwords.wrong)),
    { nodeTimeout: 500 },
  );
  output.follow(shut);
  output.note(await rejection(shut.tryAcquire("a")));
  output.note(await shut.inspect("a"));
  await loseQuorum(output, servers, ours);
  await Promise.all([ours.close({ timeout: 500 }), theirs.close({ timeout: 500 })]);

  expect(tokens.size).toBeGreaterThan(20);
  const secrets = new Set(Object.values(passwords).flatMap(forms));
  for (const token of tokens) secrets.add(token.slice(token.indexOf("~") + 1));
  secrets.add("a-foreign-token-of-somebody");
  expect(output.shows(secrets)).toEqual([]);
  // The output is complete: it contains every kind of event, error and log.
  const events = [
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
  expect([...events, ...codes, ...others].filter((text) => !output.has(text))).toEqual([]);
  // The search finds secrets in nested output.
  const random = [...tokens][0]?.replace(/^.*~/, "") ?? "";
  const leakingOutput = new CapturedOutput();
  leakingOutput.note(
    new Error("outer", { cause: Object.assign(new Error("inner"), { lease: { deep: { random } } }) }),
  );
  leakingOutput.note({ url: addressOf(1, "address", passwords.address) });
  expect(leakingOutput.shows(secrets)).toEqual(
    expect.arrayContaining([encodeURIComponent(passwords.address), random]),
  );
});

describe("a password in an invalid option", () => {
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
  it.each(lists)("is not in the error: %s", (_, nodes) => {
    const output = new CapturedOutput();
    try {
      createLocks({ nodes: nodes as string[] });
      expect.unreachable("it was accepted");
    } catch (error) {
      output.note(error);
    }
    expect(output.has("INVALID_OPTION") || output.has("DUPLICATE_NODE")).toBe(true);
    expect(output.has("p4ss")).toBe(false);
  });
});
