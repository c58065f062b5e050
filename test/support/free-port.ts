import { createServer } from "node:net";

/** The first port; below the range from which systems choose the local ports of outgoing connections. */
const FIRST_PORT = 12_000;
const PORTS = 10_000;
/** The offset of the Cluster bus port from a node's port, as Redis defines it. */
const BUS_OFFSET = 10_000;
const ATTEMPTS = 50;

/**
 * Finds a port that is free, together with its Cluster bus port. The system must not choose the port (port 0), because it
 * also uses those ports for outgoing connections: while a server is down, a reconnecting client could get the port that it
 * connects to, and connect to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if ((await canListen(port)) && (await canListen(port + BUS_OFFSET))) return port;
  }
  throw new Error(`No free port was found in ${ATTEMPTS} attempts from ${FIRST_PORT} on`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
