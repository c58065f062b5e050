import { afterEach, describe, expect, test } from "vitest";
import { failureOf } from "../../src/clients/failure.js";
import {
  createRedis3,
  ioredisSubject,
  ioredisVersions,
  nodeRedis3Subject,
  nodeRedisSubject,
  nodeRedisVersions,
} from "../contract/clients.js";
import { acquire, one, openReady, type Subject, tokenOf } from "../contract/subject.js";
import { type StubServer, startStub } from "./stub-server.js";

/** A copy of the libraries' class: without a message. */
class TimeoutError extends Error {}
/** The same in a minified program. */
const minified = { e: class extends Error {} };

describe("the error with which a client rejects a request", () => {
  test.each<[string, unknown, string]>([
    ["ioredis, commandTimeout", new Error("Command timed out"), "timeout"],
    [
      "ioredis, maxRetriesPerRequest",
      new Error(
        'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option',
      ),
      "connection",
    ],
    [
      "ioredis, no offline queue",
      new Error("Stream isn't writeable and enableOfflineQueue options is false"),
      "notReady",
    ],
    ["ioredis, closed", new Error("Connection is closed."), "connection"],
    [
      "ioredis, socketTimeout",
      new Error("Socket timeout. Expecting data, but didn't receive any in 100ms."),
      "connection",
    ],
    ["ioredis, ETIMEDOUT", new Error("connect ETIMEDOUT"), "connection"],
    [
      "ioredis, subscribed",
      new Error("Connection in subscriber mode, only subscriber commands may be used"),
      "notReady",
    ],
    ["ioredis, aborted", new Error("Command aborted due to connection close"), "connection"],
    ["node-redis, full", new Error("The queue is full"), "overloaded"],
    ["node-redis, its timeout", new TimeoutError(), "timeout"],
    ["node-redis, its timeout, minified", new minified.e(), "timeout"],
    ["any address refused", new AggregateError([new Error("connect ECONNREFUSED")]), "connection"],
    ["an error without a message", new Error(), "connection"],
    [
      "node-redis, its timeout in a maintenance",
      new Error("Command timeout during maintenance. Waited to write command for more than 10ms."),
      "timeout",
    ],
    [
      "node-redis, socketTimeout",
      new Error("Socket timeout timeout. Expecting data, but didn't receive any in 100ms."),
      "connection",
    ],
    ["node-redis, connecting", new Error("Connection timeout"), "connection"],
    ["node-redis, aborted", new Error("The command was aborted"), "connection"],
    ["node-redis, destroyed", new Error("Disconnects client"), "connection"],
    ["node-redis, closed", new Error("The client is closed"), "notReady"],
    ["node-redis, offline", new Error("The client is offline"), "notReady"],
    ["node-redis, subscribed", new Error("Cannot send commands in PubSub mode"), "notReady"],
    [
      "node-redis 3, closed",
      new Error("EVALSHA can't be processed. The connection is already closed."),
      "notReady",
    ],
    ["node-redis 3, half closed", new Error("EVALSHA can't be processed. Stream not writeable."), "notReady"],
    [
      "node-redis 3, no offline queue",
      new Error("The connection is not yet established and the offline queue is deactivated."),
      "notReady",
    ],
    [
      "node-redis 3, lost",
      new Error("Redis connection lost and command aborted. It might have been processed."),
      "connection",
    ],
    [
      "node-redis 3, given up",
      new Error(
        "Redis connection in broken state: connection timeout exceeded. It might have been processed.",
      ),
      "connection",
    ],
    ["GLIDE, full", new Error("Reached maximum inflight requests"), "overloaded"],
    ["GLIDE, its timeout", new Error("timed out"), "timeout"],
  ])("%s", (_, error, reason) => {
    expect(failureOf(error)).toMatchObject({ kind: "failed", reason });
    expect(failureOf(error).message).not.toBe("");
  });
});

describe("a client with limits set by its user", () => {
  let stub: StubServer;
  let subject: Subject | null = null;
  afterEach(async () => {
    await subject?.end();
    subject = null;
    await stub.close();
  });

  const take = () => acquire("key", tokenOf("me"));
  const silent = () => startStub("");

  test.each(ioredisVersions)("%s times out by its commandTimeout", async (_, { Redis }) => {
    stub = await silent();
    subject = await openReady(() =>
      ioredisSubject(new Redis({ port: stub.port, lazyConnect: true, protocol: 2, commandTimeout: 30 })),
    );
    expect(await one(subject.node, take())).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  test.each(ioredisVersions)("%s loses the connection by its socketTimeout", async (_, { Redis }) => {
    stub = await silent();
    subject = await openReady(() => {
      const client = new Redis({ port: stub.port, lazyConnect: true, protocol: 2, socketTimeout: 30 });
      client.on("error", () => {});
      return ioredisSubject(client);
    });
    expect(await one(subject.node, take())).toMatchObject({ kind: "failed", reason: "connection" });
  });

  test.each(nodeRedisVersions)("%s is overloaded if its queue is full", async (_, { createClient }) => {
    stub = await silent();
    const client = createClient({
      socket: { port: stub.port, host: "127.0.0.1" },
      RESP: 2,
      commandsQueueMaxLength: 3,
    });
    client.on("error", () => {});
    subject = await openReady(() => nodeRedisSubject(client));
    for (let call = 0; call < 3; call++) client.eval("its user's").catch(() => {});
    expect(await one(subject.node, take())).toMatchObject({ kind: "failed", reason: "overloaded" });
  });

  test.each(nodeRedisVersions)(
    "%s loses the connection by its socketTimeout",
    async (_, { createClient }) => {
      stub = await silent();
      const client = createClient({
        socket: { port: stub.port, host: "127.0.0.1", socketTimeout: 30 },
        RESP: 2,
      });
      client.on("error", () => {});
      subject = await openReady(() => nodeRedisSubject(client));
      expect(await one(subject.node, take())).toMatchObject({ kind: "failed", reason: "connection" });
    },
  );

  test.each(nodeRedisVersions)(
    "%s ignores the timeout and signal of its user's command options",
    async (_, { createClient }) => {
      stub = await startStub("*1\r\n:1\r\n");
      const aborted = AbortSignal.abort();
      const client = createClient({
        socket: { port: stub.port, host: "127.0.0.1" },
        RESP: 2,
        commandOptions: { timeout: 1, abortSignal: aborted },
      });
      client.on("error", () => {});
      subject = await openReady(() => nodeRedisSubject(client));
      expect(await one(subject.node, take())).toEqual({ kind: "granted" });
    },
  );

  test("redis 3 is not ready where it is closed", async () => {
    stub = await silent();
    const client = createRedis3({ port: stub.port });
    client.on("error", () => {});
    subject = await openReady(() => nodeRedis3Subject(client));
    client.quit();
    expect(await one(subject.node, take())).toMatchObject({ kind: "failed", reason: "notReady" });
  });
});
