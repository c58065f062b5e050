import { createServer } from "node:net";

/** Below the range from which systems choose the local ports of outgoing connections. */
const FIRST_PORT = 12_000;
const PORTS = 10_000;
/** Where a Cluster node talks to its peers, counted from its port: Redis's own rule. */
const BUS_OFFSET = 10_000;
const ATTEMPTS = 50;

/**
 * A port that nobody uses now, its Cluster bus port included. Not one the system chose (port 0): those are the ports
 * of outgoing connections too, so while a server is down a client that reconnects could be given the very port
 * it calls, and be connected to itself.
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
