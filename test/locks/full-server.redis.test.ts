import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { NodeInput } from "../../src/index.js";
import type { RedisServer } from "../support/servers.js";
import { host, newest, older, wait } from "./lasting-causes.js";
import { locksOf, ownServers, rejection } from "./support.js";

const maxClients = 3;

/** The reply to one command over this connection. Empty if the server ends the connection without one. */
async function ask(socket: Socket, command: string): Promise<string> {
  const reply = new Promise<string>((resolve) => {
    socket.once("data", (data) => resolve(String(data)));
    socket.once("close", () => resolve(""));
  });
  socket.write(`${command}\r\n`);
  return reply;
}

/** Opens connections until the server refuses every other client. */
async function fill(port: number): Promise<readonly [Socket, ...Socket[]]> {
  const accepted: Socket[] = [];
  while (accepted.length < maxClients) {
    const socket = connect(port, host);
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    // A connection of the test's preparation may not have ended yet.
    if ((await ask(socket, "PING")).startsWith("+PONG")) accepted.push(socket);
  }
  return accepted as [Socket, ...Socket[]];
}

const rejectedBy = async (socket: Socket): Promise<number> =>
  Number(/rejected_connections:(\d+)/.exec(await ask(socket, "INFO stats"))?.[1]);

const refusal = /ERR max number of clients reached\): look at protected-mode, bind and maxclients/;

it.each([...newest, ...older])(
  "a server that takes no more clients is named with its refusal, and waited for: %s",
  { timeout: 60_000 },
  async (_, make) => {
    const [server] = await ownServers(1, { args: ["--maxclients", String(maxClients)] });
    const { port } = server as RedisServer;
    const filling = await fill(port);
    const locks = locksOf([make(port, {}) as NodeInput]);
    const message = async () => (await rejection(locks.acquire("a", { wait: 100 }))).message;
    await expect.poll(message, { timeout: wait }).toMatch(refusal);

    // The client's next attempts fail too, and tell less.
    const before = await rejectedBy(filling[0]);
    await expect.poll(() => rejectedBy(filling[0]), { timeout: wait }).toBeGreaterThan(before + 2);
    expect(await message()).toMatch(refusal);

    for (const socket of filling) socket.destroy();
    await (await locks.acquire("a", { wait })).release();
  },
);
