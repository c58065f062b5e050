import { connect, createServer, type Socket } from "node:net";

/** A proxy that a test can redirect to another port, or make drop its connections' data. */
export interface FickleProxy {
  readonly port: number;
  readonly url: string;
  /** The target port of new connections; null accepts connections and sends nothing. */
  target: number | null;
  /** The number of accepted connections. */
  readonly accepted: number;
  /** The number of accepted connections that their clients have not ended. */
  readonly open: number;
  /** Acts like a NAT that lost its state: drops the data of open connections without notice. New connections work. */
  forget(): void;
  /** Ends all open connections at both ends. */
  cut(): void;
  close(): Promise<void>;
}

export async function startProxy(target: number | null): Promise<FickleProxy> {
  const clients = new Set<Socket>();
  const servers = new Set<Socket>();
  const forgotten = new Set<Socket>();
  let accepted = 0;
  const server = createServer((client) => {
    accepted++;
    clients.add(client);
    client.on("error", () => {});
    if (proxy.target === null) {
      client.on("close", () => clients.delete(client));
      client.resume();
      return;
    }
    const upstream = connect(proxy.target, "127.0.0.1");
    servers.add(upstream);
    upstream.on("error", () => {});
    client.on("data", (data) => forgotten.has(client) || upstream.write(data));
    upstream.on("data", (data) => forgotten.has(client) || client.write(data));
    client.on("close", () => {
      clients.delete(client);
      upstream.destroy();
    });
    upstream.on("close", () => {
      servers.delete(upstream);
      if (!forgotten.has(client)) client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const proxy: FickleProxy = {
    port: address.port,
    url: `redis://127.0.0.1:${address.port}`,
    target,
    get accepted() {
      return accepted;
    },
    get open() {
      return clients.size;
    },
    forget: () => {
      for (const client of clients) forgotten.add(client);
    },
    cut: () => {
      for (const client of clients) client.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of [...clients, ...servers]) socket.destroy();
      }),
  };
  return proxy;
}
