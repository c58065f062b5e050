/** The benchmark's own connections to its servers, separate from the measured connections. */
import { Redis } from "ioredis";

export function controlOf(ports) {
  const clients = ports.map((port) => new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null }));
  for (const client of clients) client.on("error", () => {});
  const each = (ask) => Promise.all(clients.map(ask));
  return {
    flush: () => each((client) => client.flushall()),
    keys: () => each((client) => client.dbsize()),
    /** The number of commands that each server has run, including commands inside scripts and this INFO command. */
    processed: () =>
      each(async (client) => Number(/total_commands_processed:(\d+)/.exec(await client.info("stats"))[1])),
    /** The processor time in seconds that each server has used. */
    cpu: () =>
      each(async (client) => {
        const used = (await client.info("cpu")).matchAll(/^used_cpu_(?:user|sys):(\S+)/gm);
        return [...used].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
      }),
    version: async () => /redis_version:(\S+)/.exec(await clients[0].info("server"))[1],
    close: () => {
      for (const client of clients) client.disconnect();
    },
  };
}
