import { connectAll } from "./clients.mjs";
import { systemNamed } from "./systems.mjs";

/** Opens a system with its own connections. */
export async function openSession(name, { ports, client = "ioredis", ...settings }) {
  const open = await systemNamed(name).load();
  const { clients, count, close } = await connectAll(client, ports);
  const { acquire, hold, end } = await open(clients, { client, ...settings });
  return {
    acquire,
    hold,
    sent: () => count.sent,
    close: async () => {
      await end?.();
      close();
    },
  };
}
