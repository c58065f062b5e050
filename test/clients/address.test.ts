import { type AddressInfo, createServer } from "node:net";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { AddressScriptClient } from "../../src/clients/address.js";
import { recogniseNode } from "../../src/clients/recognise.js";
import { RedisNode } from "../../src/clients/redis-node.js";
import { acquire, one, reachesConnection, tokenOf } from "../contract/subject.js";
import { freePort } from "../support/free-port.js";
import { waitUntil } from "../support/wait-until.js";
import { startStub } from "./stub-server.js";

const failed = (reason: string) => ({ kind: "failed", reason, message: expect.any(String) });

test("an address without a server stays connecting, reports the cause, and ends when it is closed", async () => {
  const port = await freePort();
  const node = recogniseNode(`redis://user:s3cret@127.0.0.1:${port}`, 0);
  node.watch(() => {});
  node.connect();
  await waitUntil("the refusal is known", 5_000, async () => {
    const reply = await one(node, acquire("key", tokenOf("me")));
    return reply.kind === "failed" && reply.message.includes("ECONNREFUSED");
  });
  const reply = await one(node, acquire("key", tokenOf("me")));
  expect(reply).toEqual(failed("notReady"));
  expect(JSON.stringify(reply)).not.toContain("s3cret");
  expect(node.connection).toBe("connecting");
  await node.close();
  expect(node.connection).toBe("down");
  node.connect();
  expect(node.connection).toBe("down");
});

test("an address that is closed while it is being opened opens no connection", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const node = recogniseNode(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`, 0);
  node.connect();
  await node.close();
  await import("ioredis");
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  expect(connections).toBe(0);
  await new Promise((resolve) => server.close(resolve));
});

test("closing an address turns an unanswered call into a failed vote", async () => {
  const stub = await startStub("");
  const node = recogniseNode(`redis://127.0.0.1:${stub.port}`, 0);
  const ready = reachesConnection(node, "ready");
  node.connect();
  await ready;
  const answer = one(node, acquire("key", tokenOf("me")));
  await waitUntil("the call arrived", 2_000, () => stub.calls.length === 1);
  await node.close();
  expect(await answer).toEqual(failed("connection"));
  await stub.close();
});

test("an address reconnects repeatedly without resending commands", async () => {
  const stub = await startStub({ thenClose: "" }, "*1\r\n:1\r\n");
  const node = recogniseNode(`redis://127.0.0.1:${stub.port}`, 0);
  const seen: string[] = [];
  node.watch((connection) => seen.push(connection));
  const ready = reachesConnection(node, "ready");
  node.connect();
  await ready;
  const down = reachesConnection(node, "down");
  expect(await one(node, acquire("key", tokenOf("me")))).toEqual(failed("connection"));
  await down;
  await reachesConnection(node, "ready");
  expect(stub.calls).toHaveLength(1);
  expect(await one(node, acquire("key", tokenOf("me")))).toEqual({ kind: "granted" });
  expect(seen).toEqual(["ready", "down", "ready"]);
  await node.close();
  await stub.close();
});

test("an address for which ioredis cannot be loaded fails for good, and is tried again by the next request", async () => {
  const stub = await startStub("*1\r\n:1\r\n");
  let isBundled = true;
  const load = async () => {
    if (isBundled) throw new Error('Dynamic require of "events" is not supported');
    return import("ioredis");
  };
  const node = new RedisNode(
    new AddressScriptClient(`redis://127.0.0.1:${stub.port}`, "nodes[0]", 5_000, load),
  );
  const causes: unknown[] = [];
  node.watch((connection, cause) => causes.push([connection, cause?.message]));
  node.connect();
  await setImmediate();
  expect(node.troubleLasts).toBe(true);
  expect(node.trouble).toMatch(/Dynamic require of "events" .*: leave ioredis out of the bundle/);
  expect(causes).toEqual([["connecting", node.trouble]]);
  expect(await one(node, acquire("key", tokenOf("me")))).toMatchObject({ reason: "notReady", lasting: true });
  isBundled = false;
  const ready = reachesConnection(node, "ready");
  node.connect();
  await ready;
  expect(node).toMatchObject({ trouble: "", troubleLasts: false });
  expect(await one(node, acquire("key", tokenOf("me")))).toEqual({ kind: "granted" });
  await node.close();
  await stub.close();
});
