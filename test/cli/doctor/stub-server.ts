import { createServer, type Socket } from "node:net";

export interface StubDoor {
  readonly port: number;
  close(): Promise<void>;
}

/** A server that does with each connection whatever a test wants to see. */
export async function openDoor(meet: (socket: Socket) => void): Promise<StubDoor> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    meet(socket);
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
