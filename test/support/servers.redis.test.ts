import { existsSync } from "node:fs";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterEach, describe, expect, test } from "vitest";
import { isAlive } from "./is-alive.js";
import { callRedis, type RedisServer, type ServerOptions, startServer } from "./servers.js";
import { sharedServers } from "./shared-servers.js";

const started: RedisServer[] = [];

async function start(options?: ServerOptions): Promise<RedisServer> {
  const server = await startServer(options);
  started.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

describe("a server", () => {
  test("answers its own calls, ioredis and node-redis", async () => {
    const server = await start();
    expect(await server.call("SET", "key", "value")).toBe("OK");
    const ioredis = new Redis(server.url);
    const nodeRedis = createClient({ url: server.url });
    nodeRedis.on("error", () => undefined);
    try {
      await nodeRedis.connect();
      expect([await ioredis.get("key"), await nodeRedis.get("key")]).toEqual(["value", "value"]);
    } finally {
      ioredis.disconnect();
      nodeRedis.destroy();
    }
  });

  test("is silent while it is suspended, and answers again when it is resumed", async () => {
    const server = await start();
    await server.suspend();
    await expect(callRedis(server.port, ["PING"], { timeoutMs: 300 })).rejects.toThrow("No answer");
    server.resume();
    expect(await server.call("PING")).toBe("PONG");
  });

  test("restarts on the same port, as another process, with an empty memory", async () => {
    const server = await start();
    const { pid, port } = server;
    await server.call("SET", "key", "value");
    await server.restart();
    expect(await callRedis(port, ["GET", "key"])).toBeNull();
    expect(server.pid).not.toBe(pid);
  });

  test("keeps saved data over a restart", async () => {
    const server = await start({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
    await server.call("SET", "key", "value");
    await server.restart();
    expect(await server.call("GET", "key")).toBe("value");
  });

  test("refuses connections once it is killed, until it is restarted", async () => {
    const server = await start();
    await server.kill();
    await expect(server.call("PING")).rejects.toThrow("ECONNREFUSED");
    await server.restart();
    expect(await server.call("PING")).toBe("PONG");
  });

  test("requires its password", async () => {
    const server = await start({ password: "open sesame" });
    expect(await server.call("PING")).toBe("PONG");
    await expect(callRedis(server.port, ["PING"])).rejects.toThrow("NOAUTH");
    const client = new Redis(server.url);
    expect(await client.ping()).toBe("PONG");
    client.disconnect();
  });

  test("counts as started even if its access list refuses every client", async () => {
    const server = await start({ args: ["--user", "default", "off"] });
    await expect(server.call("PING")).rejects.toThrow("NOAUTH");
  });

  test("is gone with its folder after stop, even if it was suspended", async () => {
    const plain = await start();
    const suspended = await start();
    await suspended.suspend();
    for (const server of [plain, suspended]) {
      expect(existsSync(server.directory)).toBe(true);
      await server.stop();
      expect(isAlive(server.pid)).toBe(false);
      expect(existsSync(server.directory)).toBe(false);
    }
  });

  test("that cannot start rejects with the server's output", async () => {
    await expect(startServer({ args: ["--no-such-option", "1"] })).rejects.toThrow(/no-such-option/);
  });

  test("does not mistake another server on its port for itself", async () => {
    const server = await start();
    // The last --port wins: the new server finds the port in use, and answers of the other server must not count.
    await expect(startServer({ args: ["--port", String(server.port)] })).rejects.toThrow(
      /address already in use/i,
    );
    expect(await server.call("PING")).toBe("PONG");
  });
});

test("five shared servers run in separate processes, on separate ports", async () => {
  const servers = sharedServers();
  const pids = await Promise.all(
    servers.map(
      async ({ port }) => /process_id:(\d+)/.exec(String(await callRedis(port, ["INFO", "server"])))?.[1],
    ),
  );
  expect(pids).toEqual(servers.map(({ pid }) => String(pid)));
  expect(new Set(pids).size).toBe(5);
});
