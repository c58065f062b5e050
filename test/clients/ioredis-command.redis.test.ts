import fc from "fast-check";
import { Redis as Redis6 } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ioredisConnection } from "../../src/clients/ioredis/client.js";
import type { IoredisClient } from "../../src/clients/ioredis/library.js";
import { uniqueKey } from "../contract/subject.js";
import { sharedServers } from "../support/shared-servers.js";

const [server] = sharedServers();
const port = server?.port ?? 0;
/** Returns KEYS and ARGV. */
const echo = "return { KEYS, ARGV }";

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const libraries: [string, typeof Redis6][] = [
  ["ioredis 6", Redis6],
  ["ioredis 5", Redis5 as unknown as typeof Redis6],
];

describe.each(libraries)("a command of %s", (_, Redis) => {
  async function connect(options: object = {}): Promise<Redis6> {
    const client = new Redis({ port, ...options });
    closers.push(() => client.disconnect());
    await client.ping();
    return client;
  }

  const connectionOf = (client: unknown, prefix?: string) =>
    ioredisConnection(client as IoredisClient, prefix);

  const texts = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 6 });

  test("carries every key and argument, with the prefix of the client, whatever was sent before", async () => {
    const client = await connect({ keyPrefix: "präfix:" });
    const plain = await connect();
    const connections = [
      { to: connectionOf(client), prefix: "präfix:" },
      { to: connectionOf(plain), prefix: "" },
      { to: connectionOf(plain, "own:"), prefix: "own:" },
    ];
    await fc.assert(
      fc.asyncProperty(texts, texts, async (keys, args) => {
        const replies = await Promise.all(connections.map(({ to }) => to.eval(echo, keys, args)));
        for (const [index, { prefix }] of connections.entries())
          expect(replies[index]).toEqual([keys.map((key) => prefix + key), args]);
      }),
      { numRuns: 50 },
    );
  });

  test("goes through the client's sendCommand, with its name and arguments, and is not batched by the client", async () => {
    const client = await connect({ enableAutoPipelining: true });
    const seen: unknown[] = [];
    const builtIn = vi.spyOn(client, "createBuiltinCommand");
    const send = client.sendCommand;
    client.sendCommand = function (this: Redis6, ...sent: Parameters<Redis6["sendCommand"]>) {
      const [{ name, args }] = sent;
      seen.push([name, args]);
      return send.apply(this, sent);
    };
    const key = uniqueKey();
    const to = connectionOf(client);
    // Only the class of commands is looked for.
    expect(builtIn).toHaveBeenCalledOnce();
    await to.eval(echo, [key], ["a"]);
    expect(seen).toEqual([["eval", [echo, "1", key, "a"]]]);
  });

  test("ends with its connection, although the client's sendCommand returns a promise of its own", async () => {
    const client = await connect({ retryStrategy: null });
    const send = client.sendCommand;
    client.sendCommand = function (this: Redis6, ...sent: Parameters<Redis6["sendCommand"]>) {
      (send.apply(this, sent) as Promise<unknown>).catch(() => {});
      return new Promise(() => {});
    };
    const reply = connectionOf(client).eval(echo, [], []);
    client.disconnect();
    await expect(reply).rejects.toThrow("connection lost");
  });

  test("reports the server's error", async () => {
    const to = connectionOf(await connect());
    await expect(to.evalsha?.("0".repeat(40), [], [])).rejects.toThrow(/^NOSCRIPT/);
  });
});
