import { createServer, type Socket } from "node:net";

export interface StubServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A server that handles each connection as a test requires. */
export async function startStubServer(onConnection: (socket: Socket) => void): Promise<StubServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
