import { connect } from "node:net";

/** Sends these bytes, and resolves with the response once the server closes or has been silent for `quiet` ms. */
export function send(port: number, bytes: string | Buffer, quiet = 2_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(parts).toString("latin1"));
    };
    socket.setTimeout(quiet, done);
    socket.on("data", (part) => parts.push(part));
    socket.once("end", done);
    // The server may close the connection while data is in transit.
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" || error.code === "EPIPE" ? done() : reject(error),
    );
    socket.end(bytes);
  });
}
