/** Connected clients that count the commands sent. Client libraries are loaded on demand. */
/** Counts the commands of a client; a pipeline or a batch counts as the commands in it. */
function counted(client, count) {
  const send = client.sendCommand;
  client.sendCommand = function (...args) {
    count.sent++;
    return send.apply(this, args);
  };
}

const connectors = {
  async ioredis(port, count) {
    const { Redis } = await import("ioredis");
    const client = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null });
    client.on("error", () => {});
    await client.ping();
    counted(client, count);
    return { client, close: () => client.disconnect() };
  },
  async "node-redis"(port, count) {
    const { createClient } = await import("redis");
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on("error", () => {});
    await client.connect();
    // `createClient` returns an object that inherits from the client, but commands are sent through the client itself.
    counted(client._self, count);
    return { client, close: () => client.destroy() };
  },
};

/** Connects one client per port. `count.sent` is the number of commands that all of them have sent. */
export async function connectAll(kind, ports) {
  const count = { sent: 0 };
  const connections = await Promise.all(ports.map((port) => connectors[kind](port, count)));
  return {
    clients: connections.map(({ client }) => client),
    count,
    close: () => {
      for (const { close } of connections) close();
    },
  };
}
