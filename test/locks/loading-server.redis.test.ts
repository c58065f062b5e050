import { expect, it } from "vitest";
import type { NodeInput } from "../../src/index.js";
import type { RedisServer } from "../support/servers.js";
import { newest, older, wait } from "./lasting-causes.js";
import { locksOf, ownServers, rejection } from "./support.js";

/** µs for each key, so that the load lasts longer than the test waits, and the server answers meanwhile. */
const slowLoad = ["--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024"];
const keys = 3_000;
const populate = `for index = 1, ${keys} do redis.call('SET', 'key:' .. index, string.rep('x', 1000)) end`;

it.each([...newest, ...older])(
  "a server that comes back and loads its data is named with that, and not as absent: %s",
  { timeout: 90_000 },
  async (_, make) => {
    const [server] = (await ownServers(1, { args: [...slowLoad, "--rdbcompression", "no"] })) as [
      RedisServer,
    ];
    const locks = locksOf([make(server.port, {}) as NodeInput], { quarantine: false });
    const message = async () => (await rejection(locks.acquire("a", { wait: 100 }))).message;
    await (await locks.acquire("a", { wait })).release();
    await server.call("EVAL", populate, 0);
    await server.call("SAVE");

    await server.kill();
    await expect.poll(message, { timeout: wait }).toMatch(/ECONNREFUSED/);
    const loaded = server.start(60_000);
    await expect.poll(message, { timeout: wait }).toMatch(/LOADING/);
    expect(await message()).not.toMatch(/ECONNREFUSED/);

    await server.call("CONFIG", "SET", "key-load-delay", 0);
    await loaded;
    await (await locks.acquire("a", { wait })).release();
  },
);
