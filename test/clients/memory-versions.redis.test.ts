import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { MemoryChange } from "../../src/engine/protocol/memory.js";
import { createLocks, isHoldfastError } from "../../src/index.js";
import { acquire, granted, identificationOf, release, tokenOf } from "../contract/subject.js";
import { execute } from "../engine/batches.js";
import { giveMemory } from "../support/memory.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

const cause =
  "its memory is of protocol version 2, and this process knows version 1: update Holdfast in this process";
const [me, other] = [tokenOf("me"), tokenOf("other")];

let server: RedisServer;
beforeEach(async () => {
  server = await startServer();
  await giveMemory(server.port);
});
afterEach(() => server.stop());

/** Every key of the server with its value. */
async function content(): Promise<unknown[]> {
  const keys = ((await server.call("KEYS", "*")) as string[]).sort();
  return Promise.all(keys.map(async (key) => [key, await server.call("DUMP", key)]));
}

/** Writes a marker of version 2, and what a later version might keep under the names of this one. */
async function update(): Promise<string> {
  const marker = `v2 ${await server.call("GET", "holdfast:memory")} and more`;
  await server.call("SET", "holdfast:memory", marker);
  await server.call("DEL", "holdfast:watermark", "holdfast:sets");
  await server.call("HSET", "holdfast:watermark", "a", "1");
  await server.call("SET", "holdfast:sets", "something else");
  return marker;
}

const forgotten = expect.objectContaining({ kind: "failed", reason: "quarantined" });

describe.each(everyClient(() => server.port))("a marker of version 2, over %s", (_, open) => {
  test("is named, and the server is left as it is", async () => {
    await withNode(open, async (node: LockNode) => {
      const marker = await update();
      const before = await content();
      const changes: (MemoryChange | null)[] = [
        null,
        { marker, abstention: null, longest: 5, watermark: 5 },
        { marker: "", abstention: null, longest: 5, watermark: 5 },
      ];
      for (const change of changes)
        for (const id of ["", "an-id"]) await expect(node.identify(id, change)).rejects.toThrow(cause);
      expect(await node.recordSets?.("*,a,b ", "*,a,b x", 9)).toEqual({ watermark: 0, uses: [] });
      expect(await content()).toEqual(before);
    });
  });

  test("that appears between two batches: nothing is granted, renewed or healed, and releases are executed", async () => {
    await withNode(open, async (node: LockNode) => {
      const { memory } = await identificationOf(node);
      const mark = memory?.mark ?? "";
      const held = [acquire("a", me), acquire("b", me)];
      const send = (...commands: Parameters<typeof execute>[1][number]["command"][]) =>
        execute(
          node,
          commands.map((command) => ({ command, wanted: () => true })),
          mark,
        );
      expect(await send(...held)).toEqual([granted, granted]);
      await update();
      const before = (await content()).filter((each) => !String((each as string[])[0]).startsWith("a"));
      expect(
        await send(
          acquire("c", other),
          { op: "renew", keys: ["b"], token: me, ttl: 90_000 },
          { op: "heal", keys: ["d"], token: me, ttl: 90_000 },
          release("a", me),
        ),
      ).toEqual([forgotten, forgotten, forgotten, granted]);
      expect(await content()).toEqual(before);
    });
  });
});

test("a program that holds a lease names it once the marker is replaced, and releases its key", async () => {
  const locks = createLocks({ nodes: [server.url], ttl: 60_000, nodeTimeout: 2_000 });
  const down: unknown[] = [];
  locks.on("nodeDown", (event) => down.push(event.cause));
  const lease = await locks.acquire("a");
  const marker = await update();
  const first = await locks.acquire("b", { wait: 0 }).catch((error: unknown) => error);
  const second = await locks.acquire("b", { wait: 20_000 }).catch((error: unknown) => error);
  expect([first, second].map((error) => isHoldfastError(error, "QUORUM_UNAVAILABLE"))).toEqual([true, true]);
  expect(String(second)).toContain(cause);
  expect(down).toEqual([cause]);
  await lease.release();
  await locks.close();
  expect(await server.call("EXISTS", "a")).toBe(0);
  expect(await server.call("GET", "holdfast:memory")).toBe(marker);
});
