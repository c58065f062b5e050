/** Connected clients that count the commands they are given. A library is loaded when it is asked for. */
/** A pipeline or a batch counts as the commands in it. */
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
    // `createClient` gives an object that inherits from the client; what it calls is the client's own.
    counted(client._self, count);
    return { client, close: () => client.destroy() };
  },
};

/** One client a port. `count.sent` grows with each command of any of them. */
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
