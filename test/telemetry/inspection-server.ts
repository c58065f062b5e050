import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** The constant that a WebSocket server appends to the client's key. */
const handshake = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The text messages of all complete frames, and the number of bytes they took. Clients mask their frames. */
function messagesIn(bytes: Buffer): { messages: string[]; taken: number } {
  const messages: string[] = [];
  let at = 0;
  while (bytes.length - at >= 6) {
    const opcode = bytes.readUInt8(at) & 0x0f;
    const short = bytes.readUInt8(at + 1) & 0x7f;
    const head = at + (short === 127 ? 10 : short === 126 ? 4 : 2);
    if (bytes.length < head + 4) break;
    const length =
      short === 127
        ? Number(bytes.readBigUInt64BE(at + 2))
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : short;
    const end = head + 4 + length;
    if (bytes.length < end) break;
    const mask = bytes.subarray(head, head + 4);
    const text = bytes.subarray(head + 4, end).map((byte, index) => byte ^ mask.readUInt8(index % 4));
    if (opcode === 1) messages.push(Buffer.from(text).toString("utf8"));
    at = end;
  }
  return { messages, taken: at };
}

/** A local substitute for Stately's server: receives until `enough`, and closes the connection. */
export async function inspectionServer(enough: (events: readonly Record<string, unknown>[]) => boolean) {
  const events: Record<string, unknown>[] = [];
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}${handshake}`)
      .digest("base64");
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
    let rest = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      const { messages, taken } = messagesIn(Buffer.concat([rest, chunk]));
      rest = Buffer.concat([rest, chunk]).subarray(taken);
      events.push(...messages.map((message) => JSON.parse(message)));
      if (enough(events)) socket.end();
    });
    socket.on("error", () => {});
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, events };
}
