import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { leaseOf, lockRequest } from "../../src/express.js";
import { createLocks, type Lease, memoryNode } from "../../src/index.js";

/** Express and Fastify share what this tests with plain node:http. */
async function serve(handle: (response: ServerResponse, lease: Lease) => void) {
  const locks = createLocks({ nodes: [memoryNode()] });
  const lock = lockRequest({ locks, key: "orders:7" });
  const server = createServer((request, response) => {
    lock(request, response, () => handle(response, leaseOf(request) as Lease));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await locks.close();
  });
  const { port } = server.address() as AddressInfo;
  return { locks, ask: (init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}/`, init) };
}

const isHeld = ({ locks }: Awaited<ReturnType<typeof serve>>) =>
  locks.inspect("orders:7").then(({ held }) => held);

test.each<[string, (response: ServerResponse) => unknown]>([
  ["ends", (response) => response.end("too late")],
  ["destroys", (response) => response.destroy()],
  ["pipes something into", (response) => new Readable({ read: () => {} }).pipe(response)],
])(
  "the lock of a handler at work is kept when its client leaves, until the handler %s the response",
  async (_, finish) => {
    const client = new AbortController();
    let working: ServerResponse | undefined;
    const served = await serve((response) => {
      working = response;
      client.abort();
    });
    await expect(served.ask({ signal: client.signal })).rejects.toThrow();
    await once(working as ServerResponse, "close");
    expect(await isHeld(served)).toBe(true);
    finish(working as ServerResponse);
    await expect.poll(() => isHeld(served)).toBe(false);
  },
);

test("the lock of a response on its way is free when its client leaves", async () => {
  const client = new AbortController();
  const served = await serve((response) => {
    response.write("first part");
  });
  const response = await served.ask({ signal: client.signal });
  expect(await isHeld(served)).toBe(true);
  client.abort();
  await expect(response.text()).rejects.toThrow();
  await expect.poll(() => isHeld(served)).toBe(false);
});

test.each<[string, (response: ServerResponse) => unknown]>([
  ["by itself", (response) => response.destroy()],
  ["with an error", (response) => response.destroy(new Error("the payment failed"))],
  [
    "as a pipeline whose source fails",
    (response) => {
      const source = new Readable({ read: () => source.destroy(new Error("the payment failed")) });
      pipeline(source, response, () => {});
    },
  ],
])(
  "a handler that destroys its response before the first byte, %s, releases the lock",
  async (_, destroy) => {
    const served = await serve(destroy);
    await expect(served.ask()).rejects.toThrow();
    await expect.poll(() => isHeld(served)).toBe(false);
  },
);

test("the lock of a pipeline is free when its client leaves before the first byte", async () => {
  const client = new AbortController();
  const served = await serve((response) => {
    pipeline(new Readable({ read: () => {} }), response, () => {});
    client.abort();
  });
  await expect(served.ask({ signal: client.signal })).rejects.toThrow();
  await expect.poll(() => isHeld(served)).toBe(false);
});

test("a handler that never ends its response has the lock for maxHold, and hears of the loss", async () => {
  const locks = createLocks({ nodes: [memoryNode()] });
  onTestFinished(() => locks.close());
  const lost: string[] = [];
  const onLost = ({ reason }: { reason: string }) => void lost.push(reason);
  const lock = lockRequest({ locks, key: "orders:7", maxHold: 30, onLost });
  const server = createServer((request, response) => lock(request, response, () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = new AbortController();
  const asked = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    signal: client.signal,
  });
  await expect.poll(() => lost).toEqual(["maxHold"]);
  client.abort();
  await expect(asked).rejects.toThrow();
});
