import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.js";
import { RedisServer, type ServerOptions } from "./server.js";

const PORT_ATTEMPTS = 5;

/** Starts a server for a single test, which may disturb it. The test must call `stop()` afterwards. */
export async function startServer(options: ServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt += 1) {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-redis-"));
    if (options.configuration !== undefined)
      await writeFile(join(directory, "redis.conf"), options.configuration);
    const server = new RedisServer(await freePort(), directory, options);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      // Another process may have taken the port since it was found.
      if (attempt === PORT_ATTEMPTS || !/address already in use/i.test(String(error))) throw error;
    }
  }
}
