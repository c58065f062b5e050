import { createServer, type Socket } from "node:net";

export interface StubServer {
  readonly port: number;
  /** The script calls received, as "EVALSHA" and "EVAL". */
  readonly calls: string[];
  close(): Promise<void>;
}

/** How the stub handles a script call: it replies with this text, or replies and closes the connection. */
export type StubAnswer = string | { readonly thenClose: string };

/**
 * A server that accepts every client, in RESP 2, and answers script calls with prepared replies that no real server
 * sends on demand. Answers are used in order; the last one is repeated.
 */
export async function startStub(...answers: readonly StubAnswer[]): Promise<StubServer> {
  const calls: string[] = [];
  const sockets = new Set<Socket>();
  const answer = (socket: Socket, [command = "", version]: readonly string[]) => {
    const name = command.toUpperCase();
    if (name === "HELLO") return socket.write(version === "2" ? "*0\r\n" : "-NOPROTO\r\n");
    if (name === "INFO") return socket.write("$9\r\nloading:0\r\n");
    if (!name.startsWith("EVAL")) return socket.write("+OK\r\n");
    const given = answers[Math.min(calls.length, answers.length - 1)] ?? "+OK\r\n";
    calls.push(name);
    return typeof given === "string" ? socket.write(given) : socket.end(given.thenClose);
  };
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (let next = parse(received); next !== null; next = parse(received)) {
        received = received.subarray(next.length);
        answer(socket, next.words);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Parses the first complete command of the received data: an array of bulk strings. Null if it is incomplete. */
function parse(received: Buffer): { words: string[]; length: number } | null {
  let at = 0;
  const line = (): string | null => {
    const end = received.indexOf("\r\n", at);
    if (end === -1) return null;
    const text = received.toString("utf8", at, end);
    at = end + 2;
    return text;
  };
  const head = line();
  if (head === null) return null;
  const words: string[] = [];
  for (let left = Number(head.slice(1)); left > 0; left--) {
    const size = line();
    if (size === null) return null;
    const end = at + Number(size.slice(1));
    if (received.length < end + 2) return null;
    words.push(received.toString("utf8", at, end));
    at = end + 2;
  }
  return { words, length: at };
}
