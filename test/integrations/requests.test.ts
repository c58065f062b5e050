import { describe, expect, onTestFinished, test } from "vitest";
import { createLocks, type Lease, type Locks, type LocksOptions, memoryNode } from "../../src/index.js";
import { VirtualClock } from "../../src/testing.js";
import { frameworks, type Given } from "./servers.js";

const key = (id: string) => `orders:${id}`;

function locksOn(nodes = [memoryNode(), memoryNode(), memoryNode()], options: Partial<LocksOptions> = {}) {
  const locks = createLocks({ nodes, owner: "a-secret-host:42", ...options });
  onTestFinished(() => locks.close());
  return locks;
}

const isHeld = async (locks: Locks, id: string) => (await locks.inspect(key(id))).held;

/** Work that lasts until the test ends it. */
function openWork() {
  let begin = (_lease: Lease): void => {};
  let end = (): void => {};
  const begun = new Promise<Lease>((resolve) => {
    begin = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = async (lease: Lease) => {
    begin(lease);
    await ended;
    return "paid";
  };
  return { work, begun, end };
}

describe.each(frameworks)("%s", (_, serve) => {
  test("the handler has the lease, and the lock is free for a client that has the response", async () => {
    const locks = locksOn();
    const held: unknown[] = [];
    const ask = await serve({ locks, key, fence: true, ttl: 20_000 }, async (lease) => {
      held.push(lease.resources, lease.ttl, "fence" in lease, await isHeld(locks, "7"));
      return "paid";
    });
    for (let request = 0; request < 3; request++) {
      const response = await ask("7");
      expect([response.status, await response.text()]).toEqual([200, "paid"]);
    }
    expect(held.slice(0, 4)).toEqual([["orders:7"], 20_000, true, true]);
    expect(held).toHaveLength(12);
  });

  test("a request whose lock is taken is refused, until the holder's time is over", async () => {
    const clock = new VirtualClock();
    const locks = locksOn([memoryNode(undefined, { clock })], { clock });
    const ask = await serve({ locks, key }, async () => "paid");
    const lease = await locks.acquire("orders:7", { ttl: 8_000, renew: false });
    await clock.advance(2_500);
    const response = await ask("7");
    expect(response.status).toBe(409);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "retry-after": "6",
      "cache-control": "no-store",
      "content-type": "application/json; charset=utf-8",
    });
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      statusCode: 409,
      error: "LOCK_CONTENDED",
      message: "The resource is locked by another request or job. Try again later.",
    });
    expect((await ask("8")).status).toBe(200);
    await lease.release();
    expect((await ask("7")).status).toBe(200);
  });

  test("the status of a refusal can be 423, and a request can wait", async () => {
    const locks = locksOn();
    const { work, begun, end } = openWork();
    const ask = await serve({ locks, key, status: 423, wait: 60_000 }, work);
    const impatient = await serve({ locks, key, status: 423 }, work);
    const first = ask("7");
    await begun;
    const refused = await impatient("7");
    expect(refused.status).toBe(423);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const second = ask("7");
    end();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  test("without a quorum, and with closed locks, the answer is 503", async () => {
    const nodes = [memoryNode(), memoryNode(), memoryNode()];
    const locks = locksOn(nodes, { nodeTimeout: 50 });
    const ask = await serve({ locks, key }, async () => "paid");
    await locks.ready();
    for (const node of nodes.slice(1)) node.crash();
    const response = await ask("7");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await response.json()).toMatchObject({ statusCode: 503, error: "QUORUM_UNAVAILABLE" });
    await locks.close();
    expect(await (await ask("7")).json()).toMatchObject({ error: "MANAGER_CLOSED" });
  });

  test("a handler that fails releases the lock", async () => {
    const locks = locksOn();
    const ask = await serve({ locks, key }, async () => {
      throw new Error("the payment failed");
    });
    for (let request = 0; request < 2; request++) expect((await ask("7")).status).toBe(500);
  });

  test("a key that is none is an error of the program, and nothing is locked", async () => {
    const locks = locksOn();
    const noKey = (() => undefined) as unknown as Given["key"];
    const ask = await serve({ locks, key: noKey }, async () => "paid");
    expect((await ask("7")).status).toBe(500);
    const throwing = await serve(
      {
        locks,
        key: () => {
          throw new Error("no such order");
        },
      },
      async () => "paid",
    );
    expect((await throwing("7")).status).toBe(500);
  });

  test("a request whose client goes away while it waits leaves the line", async () => {
    const locks = locksOn();
    const ask = await serve({ locks, key, wait: 60_000 }, async () => "paid");
    const lease = await locks.acquire("orders:7");
    const client = new AbortController();
    const waiting = new Promise<void>((resolve) => {
      locks.once("acquiring", () => resolve());
    });
    const aborted = ask("7", { signal: client.signal }).catch((error: Error) => error.name);
    await waiting;
    const failed = new Promise<void>((resolve) => {
      locks.once("failed", () => resolve());
    });
    client.abort();
    await failed;
    await lease.release();
    expect(await aborted).not.toBe(200);
    expect((await ask("7")).status).toBe(200);
  });

  test.each([
    ["locks", { locks: {} }],
    ["locks", { locks: undefined }],
    ["status", { status: 500 }],
    ["ttl", { ttl: 0 }],
    ["signal", { signal: AbortSignal.abort() }],
    ["waits", { waits: 1 }],
  ])("refuses options at set-up: %s in %o", async (option, wrong) => {
    const locks = locksOn();
    const serving = async () => serve({ locks, key, ...wrong } as unknown as Given, async () => "paid");
    await expect(serving()).rejects.toMatchObject({ code: "INVALID_OPTION", option });
  });
});
