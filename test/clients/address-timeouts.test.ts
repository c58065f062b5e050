import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { expect, type TestContext, test } from "vitest";
import { AddressScriptClient } from "../../src/clients/address.js";
import { RedisNode } from "../../src/clients/redis-node.js";
import { acquire, granted, one, reachesConnection, tokenOf } from "../contract/subject.js";
import { freePort } from "../support/free-port.js";
import { waitUntil } from "../support/wait-until.js";

/** ms: short enough for quick tests, and long enough for a server that does answer. */
const connectTimeout = 300;

/** A server that answers only the named commands. */
interface PartialServer {
  readonly port: number;
  answers: RegExp;
  readonly accepted: number;
  readonly open: number;
}

async function startHalfDumb(answers: RegExp, { onTestFinished }: TestContext): Promise<PartialServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server: Server = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      const text = String(data);
      for (const [, name] of text.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        const command = (name ?? "").toUpperCase();
        if (!dumb.answers.test(command)) continue;
        const loading = dumb.answers.test("LOADED") ? 0 : 1;
        if (command === "INFO") socket.write(`$9\r\nloading:${loading}\r\n`);
        else if (command === "HELLO") socket.write("-NOPROTO no\r\n");
        else socket.write(command.startsWith("EVAL") ? "*1\r\n:1\r\n" : "+OK\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dumb: PartialServer = {
    port: (server.address() as AddressInfo).port,
    answers,
    get accepted() {
      return accepted;
    },
    get open() {
      return sockets.size;
    },
  };
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return dumb;
}

function open(address: string, { onTestFinished }: TestContext): RedisNode {
  const node = new RedisNode(new AddressScriptClient(address, "nodes[0]", connectTimeout));
  onTestFinished(() => node.close());
  node.watch(() => {});
  node.connect();
  return node;
}

const everything = /./;

// The tests wait for timeouts, and are independent of each other.
test.concurrent.for([
  ["HELLO and AUTH", /^$/, "user:secret@"],
  ["AUTH alone", /HELLO|CLIENT|INFO|LOADED/, "user:secret@"],
  ["SELECT", /HELLO|CLIENT|AUTH/, ""],
  ["INFO", /HELLO|CLIENT|AUTH|SELECT/, ""],
  ["that it has loaded its data", /HELLO|CLIENT|AUTH|SELECT|INFO/, ""],
] as const)(
  "an address whose server does not answer %s reconnects and reports the cause",
  async ([_, answers, user], context) => {
    const dumb = await startHalfDumb(answers, context);
    const node = open(`redis://${user}127.0.0.1:${dumb.port}/1`, context);
    await waitUntil("it was tried again", 10_000, () => dumb.accepted >= 3);
    expect(node.trouble).toBe(
      "connected, but not ready within 0.3 s: no reply to AUTH, SELECT or INFO, or the server is still loading its data",
    );
    expect(node.connection).toBe("connecting");
    // The connection of the client, and that of an examination.
    expect(dumb.open).toBeLessThanOrEqual(2);
    dumb.answers = everything;
    await reachesConnection(node, "ready");
    expect(node.trouble).toBe("");
    expect(await one(node, acquire("key", tokenOf("me")))).toEqual(granted);
  },
);

test.concurrent("an address whose connection is replaced before its handshake was answered reports the silence", async (context) => {
  const dumb = await startHalfDumb(/^$/, context);
  const node = open(`redis://127.0.0.1:${dumb.port}`, context);
  await waitUntil("it was accepted", 10_000, () => dumb.accepted >= 1);
  expect(node.replaceConnection?.()).toBe("replacing");
  expect(node.trouble).toBe("the server did not answer while connecting");
  await waitUntil("the client reports more", 10_000, () => node.trouble.includes("no reply to AUTH"));
});

test.concurrent("an address whose TLS handshake is not answered reconnects and reports the cause", async (context) => {
  const dumb = await startHalfDumb(/^$/, context);
  const node = open(`rediss://127.0.0.1:${dumb.port}`, context);
  await waitUntil("it was tried again", 10_000, () => dumb.accepted >= 3);
  expect(node.trouble).toBe("connect ETIMEDOUT");
  // The connection of the client, and that of an examination.
  expect(dumb.open).toBeLessThanOrEqual(2);
});

test.concurrent("an address that refuses connections or has an unknown host name is retried and reports the cause", async (context) => {
  const port = await freePort();
  const refused = open(`redis://127.0.0.1:${port}`, context);
  await waitUntil("it was refused", 5_000, () => refused.trouble.includes("ECONNREFUSED"));
  const server = await new Promise<Server>((resolve) => {
    const listening = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1", () =>
      resolve(listening),
    );
  });
  const [socket] = await new Promise<[Socket]>((resolve) =>
    server.once("connection", (one) => resolve([one])),
  );
  socket.destroy();
  await refused.close();
  await new Promise((resolve) => server.close(resolve));

  const causes: string[] = [];
  const node = new RedisNode(new AddressScriptClient("redis://holdfast.invalid", "nodes[0]", connectTimeout));
  context.onTestFinished(() => node.close());
  node.watch((_connection, cause) => cause !== undefined && causes.push(cause.message));
  node.connect();
  await waitUntil("it was tried again", 10_000, () => causes.length >= 2);
  for (const cause of causes) expect(cause).toMatch(/ENOTFOUND|EAI_AGAIN|ETIMEDOUT/);
});
