import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/wait-until.js";
import { Link } from "./proxy.js";

/** What one end has received. */
class Received {
  text = "";
  ended = false;

  constructor(readonly socket: Socket) {
    socket.setEncoding("utf8");
    socket
      .on("error", () => {})
      .on("close", () => {
        this.ended = true;
      });
    socket.on("data", (text) => {
      this.text += text;
    });
  }

  receives(text: string): Promise<void> {
    return waitUntil(`"${text}" is received`, 5_000, () => this.text === text);
  }

  ends(): Promise<void> {
    return waitUntil("the connection ends", 5_000, () => this.ended);
  }
}

let link: Link;
let accepted: Received[];
beforeEach(async () => {
  accepted = [];
  const server = createServer((socket) => accepted.push(new Received(socket))).listen(0, "127.0.0.1");
  await once(server, "listening");
  link = await Link.to((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await link.close();
    server.close();
  });
});

async function join(): Promise<{ client: Received; server: Received }> {
  const client = new Received(connect(link.port, "127.0.0.1"));
  onTestFinished(() => void client.socket.destroy());
  await waitUntil("the server is reached", 5_000, () => accepted.length > 0);
  return { client, server: accepted.pop() as Received };
}

it("forwards data in both directions, and the end", async () => {
  const { client, server } = await join();
  client.socket.write("ask");
  await server.receives("ask");
  server.socket.write("answer");
  await client.receives("answer");
  client.socket.end();
  await server.ends();
});

it("holds one direction, and delivers its data late and in order", async () => {
  const { client, server } = await join();
  link.hold("toServer");
  client.socket.write("1");
  server.socket.write("over here");
  await client.receives("over here");
  client.socket.write("2");
  client.socket.end();
  link.delay(30);
  expect(server.text).toBe("");
  link.heal();
  await server.receives("12");
  await server.ends();
});

it("loses held data when the connection is cut", async () => {
  const { client, server } = await join();
  link.hold("both");
  client.socket.write("lost");
  link.cut();
  link.heal();
  await client.ends();
  await server.ends();
  expect(server.text).toBe("");
});

it("refuses connections, and accepts them again", async () => {
  link.refusing = true;
  const refused = new Received(connect(link.port, "127.0.0.1"));
  await refused.ends();
  link.heal();
  await join();
});

it("delays each direction as configured", async () => {
  const { client, server } = await join();
  link.delay(40);
  const start = performance.now();
  client.socket.write("ask");
  await server.receives("ask");
  server.socket.write("answer");
  await client.receives("answer");
  expect(performance.now() - start).toBeGreaterThan(75);
});

it("drops the data of existing connections without notice, and forwards new connections", async () => {
  const { client, server } = await join();
  link.hold("toServer");
  client.socket.write("held");
  link.forget();
  link.heal();
  client.socket.write("lost");
  server.socket.write("lost");
  const after = await join();
  after.client.socket.write("ask");
  await after.server.receives("ask");
  after.server.socket.write("answer");
  await after.client.receives("answer");
  client.socket.destroy();
  await client.ends();
  // Data on the old connection would have arrived by now, because later data on the new connection has arrived.
  expect([client.text, server.text, server.ended]).toEqual(["", "", false]);
  link.cut();
  await server.ends();
});
