import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { waitUntil } from "../support/wait-until.js";
import { Link } from "./proxy.js";

/** What one end has heard. */
class Heard {
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

  hears(text: string): Promise<void> {
    return waitUntil(`"${text}" is heard`, 5_000, () => this.text === text);
  }

  ends(): Promise<void> {
    return waitUntil("the connection ends", 5_000, () => this.ended);
  }
}

let link: Link;
let accepted: Heard[];
beforeEach(async () => {
  accepted = [];
  const server = createServer((socket) => accepted.push(new Heard(socket))).listen(0, "127.0.0.1");
  await once(server, "listening");
  link = await Link.to((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await link.close();
    server.close();
  });
});

async function join(): Promise<{ client: Heard; server: Heard }> {
  const client = new Heard(connect(link.port, "127.0.0.1"));
  onTestFinished(() => void client.socket.destroy());
  await waitUntil("the server is reached", 5_000, () => accepted.length > 0);
  return { client, server: accepted.pop() as Heard };
}

it("passes on what is said, both ways, and the end", async () => {
  const { client, server } = await join();
  client.socket.write("ask");
  await server.hears("ask");
  server.socket.write("answer");
  await client.hears("answer");
  client.socket.end();
  await server.ends();
});

it("holds back one way without the other, and delivers it late, in order", async () => {
  const { client, server } = await join();
  link.hold("toServer");
  client.socket.write("1");
  server.socket.write("over here");
  await client.hears("over here");
  client.socket.write("2");
  client.socket.end();
  link.delay(30);
  expect(server.text).toBe("");
  link.heal();
  await server.hears("12");
  await server.ends();
});

it("loses what was held when it is cut", async () => {
  const { client, server } = await join();
  link.hold("both");
  client.socket.write("lost");
  link.cut();
  link.heal();
  await client.ends();
  await server.ends();
  expect(server.text).toBe("");
});

it("refuses, and lets in again", async () => {
  link.refusing = true;
  const refused = new Heard(connect(link.port, "127.0.0.1"));
  await refused.ends();
  link.heal();
  await join();
});

it("takes the time it is told, each way", async () => {
  const { client, server } = await join();
  link.delay(40);
  const start = performance.now();
  client.socket.write("ask");
  await server.hears("ask");
  server.socket.write("answer");
  await client.hears("answer");
  expect(performance.now() - start).toBeGreaterThan(75);
});

it("forgets its connections without a word to either end, and carries new ones", async () => {
  const { client, server } = await join();
  link.hold("toServer");
  client.socket.write("held");
  link.forget();
  link.heal();
  client.socket.write("lost");
  server.socket.write("lost");
  const after = await join();
  after.client.socket.write("ask");
  await after.server.hears("ask");
  after.server.socket.write("answer");
  await after.client.hears("answer");
  client.socket.destroy();
  await client.ends();
  // Whatever was said on the old one has had its time: the new one, said later, was heard.
  expect([client.text, server.text, server.ended]).toEqual(["", "", false]);
  link.cut();
  await server.ends();
});
