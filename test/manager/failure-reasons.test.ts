import { describe, expect, it } from "vitest";
import {
  type AcquireTimeoutError,
  isHoldfastError,
  type LockContendedError,
  type QuorumUnavailableError,
} from "../../src/index.js";
import { granted } from "../engine/scripted-node.js";
import { answer, caught, scripted } from "../safety/scripted-locks.js";
import { far } from "../support/far-node.js";
import { settle, TestNodes } from "./test-nodes.js";

async function timedOut(testNodes: TestNodes, promise: Promise<unknown>): Promise<AcquireTimeoutError> {
  const error = await testNodes.run(caught(promise));
  if (!isHoldfastError(error, "ACQUIRE_TIMEOUT")) throw error;
  return error;
}

describe("an acquisition with the default wait", () => {
  it("says that the lock is contended: who holds it, until when, and since when it has been seen", async () => {
    const testNodes = new TestNodes();
    const { clock } = testNodes;
    const other = testNodes.locks({ owner: "other", prefix: "jobs:" });
    await testNodes.run(other.acquire("a", { ttl: 60_000, renew: false }));
    const end = clock.wall() + 60_000;
    await clock.advance(3_000);
    const began = clock.wall();
    const error = await timedOut(testNodes, testNodes.locks({ prefix: "jobs:" }).acquire("a"));
    expect(error).toMatchObject({ reason: "contended", heldHere: undefined, wait: 10_000 });
    expect(error.holder).toEqual({
      resource: "a",
      key: "jobs:a",
      owner: "other",
      tokenHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      type: "string",
      ttlLeft: expect.closeTo(end - clock.wall(), -2),
      until: expect.closeTo(end, -2),
      since: undefined,
      seenSince: began,
    });
    expect(error.message).toMatch(
      /^could not acquire "a" within 10 s: "a" is held by other for up to 47 s \(and for at least 10 s already\); gave up after \d+ attempts\. Wait longer/,
    );
    expect(error.cause.code).toBe("LOCK_CONTENDED");
  });

  it("says that there was no quorum: which nodes failed, and why", async () => {
    const testNodes = new TestNodes();
    for (const index of [0, 2]) testNodes.node(index).crash();
    const error = await timedOut(testNodes, testNodes.locks().acquire("a"));
    expect(error).toMatchObject({ reason: "noQuorum", holder: undefined });
    const failed = error.votes.flatMap((vote) => (vote.kind === "failed" ? [[vote.node, vote.reason]] : []));
    expect(failed.sort()).toEqual([
      ["node-0", "notReady"],
      ["node-2", "notReady"],
    ]);
    expect(error.message).toMatch(/^could not acquire "a" within 10 s: [01] of 3 nodes granted, .*node-0: /);
    expect(error.message).not.toContain("\n");
  });

  it("says that it was too slow: the nodes granted, and no validity was left", async () => {
    const { clock, nodes, locks } = scripted(3, {
      ttl: 4_000,
      wait: 2_000,
      retry: { delay: 5_000, jitter: 0 },
    });
    const error = caught(locks.acquire("a"));
    await settle();
    clock.stall(3_990);
    await answer(nodes, "acquire", [granted, granted, granted]);
    await clock.advance(1);
    expect(await error).toMatchObject({
      code: "ACQUIRE_TIMEOUT",
      reason: "tooSlow",
      holder: undefined,
      cause: { code: "QUORUM_UNAVAILABLE", reason: "tooSlow" },
      message: expect.stringContaining("answered, but too late: no validity was left"),
    });
  });

  it("says what was true of the last attempt, after others that failed for other reasons", async () => {
    const testNodes = new TestNodes();
    await testNodes.run(testNodes.locks({ owner: "other" }).acquire("a", { ttl: 60_000, renew: false }));
    const acquired = timedOut(testNodes, testNodes.locks().acquire("a"));
    await testNodes.clock.advance(5_000);
    for (const node of testNodes.nodes) node.crash();
    expect(await acquired).toMatchObject({ reason: "noQuorum", holder: undefined });
  });
});

describe("the holder", () => {
  it("is named with the time of the grant when it is a lease of this manager", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const lease = await testNodes.run(locks.acquire("a"));
    const since = testNodes.clock.wall();
    await testNodes.clock.advance(2_000);
    const error = await timedOut(testNodes, locks.acquire("a"));
    expect(error.holder).toMatchObject({ owner: "me", since: expect.closeTo(since, -2) });
    expect(error.heldHere?.acquisition).toBe(JSON.parse(JSON.stringify(lease)).acquisition);
  });

  it("is that of the resource that was denied, when several were wanted", async () => {
    const testNodes = new TestNodes();
    await testNodes.run(testNodes.locks({ owner: "other", prefix: "p:" }).acquire("b"));
    const error = await timedOut(testNodes, testNodes.locks({ prefix: "p:" }).acquire(["a", "b", "c"]));
    expect(error.resources).toEqual(["a", "b", "c"]);
    expect(error.holder).toMatchObject({ resource: "b", key: "p:b", owner: "other" });
    expect(error.message).toMatch(
      /"a", "b", "c" is held by other for up to .* \(the resource "b"\); gave up/,
    );
  });

  it("is the one that most nodes report, not the one whose key lives longest", async () => {
    const { nodes, locks } = scripted(5);
    const error = caught(locks.acquire("a", { wait: 0 }));
    const held = (owner: string, ttlLeft: number) => ({
      kind: "denied" as const,
      holder: {
        key: "a",
        owner,
        tokenHash: `${owner}0123456789abcdef`.slice(0, 16),
        ttlLeft,
        type: "string",
      },
    });
    await answer(nodes, "acquire", [held("left", 60_000), held("real", 400), held("real", 500), null, null]);
    expect(await error).toMatchObject({ code: "LOCK_CONTENDED", holder: { owner: "real", ttlLeft: 500 } });
  });

  it("has been seen since the first attempt that found its lease, not since a former lease", async () => {
    const { clock, nodes, locks } = scripted(1, {
      retry: { count: 3, delay: 100, maxDelay: 100, jitter: 0 },
    });
    const error = caught(locks.acquire("a"));
    const times: number[] = [];
    for (const lease of ["a", "b", "b", "b"]) {
      const holder = { key: "a", owner: "other", tokenHash: lease.repeat(16), ttlLeft: 500, type: "string" };
      await answer(nodes, "acquire", [{ kind: "denied", holder }]);
      times.push(clock.wall());
      await clock.advance(100);
    }
    expect(await error).toMatchObject({ attempts: 4, holder: { seenSince: times[1] } });
  });
});

describe("callers of one process that wait for the same lock, and time out together", () => {
  it("all learn who holds the lock, also those that have not asked themselves", async () => {
    const testNodes = new TestNodes();
    await testNodes.run(testNodes.locks({ owner: "other" }).acquire("a", { ttl: 60_000, renew: false }));
    const locks = testNodes.locks();
    const errors = await Promise.all(
      Array.from({ length: 50 }, () => timedOut(testNodes, locks.acquire("a"))),
    );
    for (const error of errors) {
      expect(error).toMatchObject({ reason: "contended", holder: { owner: "other", resource: "a" } });
      expect(error.message).toContain("is held by other for up to ");
    }
    expect(errors.at(-1)?.message).toMatch(
      /is wanted by others in this process, .*, and is held by other|gave up after/,
    );
  });

  it("learn it too when their own first attempt has only begun", async () => {
    const testNodes = new TestNodes();
    await testNodes.run(testNodes.locks({ owner: "other" }).acquire("a", { ttl: 60_000, renew: false }));
    const nodes = testNodes.nodes.map((node) => far(node, testNodes.clock, { delay: () => 20 }));
    const locks = testNodes.locks({ nodes });
    const front = timedOut(testNodes, locks.acquire("a", { wait: 1_000 }));
    await testNodes.clock.advance(10);
    // The front gives up 10 ms before, and an answer takes 40 ms.
    const follower = timedOut(testNodes, locks.acquire("a", { wait: 1_000 }));
    await front;
    expect(await follower).toMatchObject({ attempts: 1, reason: "contended", holder: { owner: "other" } });
  });

  it("all learn that there is no quorum", async () => {
    const testNodes = new TestNodes();
    for (const node of testNodes.nodes) node.crash();
    const locks = testNodes.locks();
    const errors = await Promise.all(
      Array.from({ length: 50 }, () => timedOut(testNodes, locks.acquire("a"))),
    );
    for (const error of errors) {
      expect(error).toMatchObject({ reason: "noQuorum", holder: undefined });
      expect(error.message).toContain("node-1 crashed");
    }
  });

  it("all learn of silent nodes within a wait in which no attempt is decided", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    await testNodes.run(locks.using("warm", () => {}));
    for (const node of testNodes.nodes) node.hang();
    const errors = await Promise.all(
      Array.from({ length: 5 }, () => timedOut(testNodes, locks.acquire("a", { wait: 400 }))),
    );
    for (const error of errors) {
      expect(error.reason).toBe("noQuorum");
      expect(error.message).toContain("node-0: no answer within 400 ms");
    }
  });

  it("are not said to lack a quorum while leases of this process come one after the other", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const hold = () => new Promise<void>((resolve) => testNodes.clock.after(40, resolve));
    const before = Array.from({ length: 5 }, () => locks.using("a", hold));
    const error = await timedOut(testNodes, locks.acquire("a", { wait: 100 }));
    expect(error).toMatchObject({ reason: "contended", heldHere: { heldFor: expect.any(Number) } });
    await testNodes.run(Promise.all(before));
  });
});

it("an acquisition that could not ask because too many others are asking is not called contended", async () => {
  const testNodes = new TestNodes(1);
  const locks = testNodes.locks();
  await testNodes.run(locks.using("warm", () => {}));
  testNodes.node(0).hang();
  const all = Array.from({ length: 2_001 }, (_, index) =>
    caught(locks.acquire(`r${index}`, { wait: index < 2_000 ? 300 : 200 })),
  );
  const errors = (await testNodes.run(Promise.all(all))) as AcquireTimeoutError[];
  expect(errors[0]).toMatchObject({ reason: "noQuorum", attempts: 1 });
  expect(errors.at(-1)).toMatchObject({ reason: "tooSlow", attempts: 0, holder: undefined });
  expect(errors.at(-1)?.message).toMatch(
    /"r2000" within 200 ms: .*the nodes were not asked, because too many/,
  );
});

describe("an attempt without a wait", () => {
  it("says why by `reason` as well", async () => {
    const testNodes = new TestNodes();
    await testNodes.run(testNodes.locks({ owner: "other" }).acquire("a"));
    const locks = testNodes.locks();
    const contended = (await testNodes.run(caught(locks.acquire("a", { wait: 0 })))) as LockContendedError;
    expect(contended).toMatchObject({ code: "LOCK_CONTENDED", reason: "contended" });
    expect(contended.holder).toMatchObject({ owner: "other", resource: "a", until: expect.any(Number) });
    for (const node of testNodes.nodes) node.crash();
    const unavailable = (await testNodes.run(caught(locks.tryAcquire("a")))) as QuorumUnavailableError;
    expect(unavailable).toMatchObject({ code: "QUORUM_UNAVAILABLE", reason: "noQuorum" });
  });

  it("says too that a ttl leaves no validity", async () => {
    const testNodes = new TestNodes();
    const error = await testNodes.run(caught(testNodes.locks().acquire("a", { ttl: 2 })));
    expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE", reason: "tooSlow" });
  });
});

it("the error of a timeout as JSON has its message and its data, and no token", async () => {
  const testNodes = new TestNodes();
  const tokens: string[] = [];
  const random = {
    secret: () => {
      tokens.push(`${tokens.length}`.padStart(22, "secret"));
      return tokens.at(-1) as string;
    },
    fraction: () => 0.5,
  };
  await testNodes.run(testNodes.locks({ owner: "other", random }).acquire("a"));
  const locks = testNodes.locks({ random });
  const failed = new Promise<{ error: unknown }>((resolve) => locks.on("failed", resolve));
  const error = await timedOut(testNodes, locks.acquire("a"));
  expect((await failed).error).toBe(error);
  const json = JSON.stringify(error);
  expect(JSON.parse(json)).toMatchObject({
    name: "AcquireTimeoutError",
    code: "ACQUIRE_TIMEOUT",
    reason: "contended",
    message: error.message,
    resources: ["a"],
    wait: 10_000,
    holder: { owner: "other", resource: "a", until: error.holder?.until },
  });
  expect(tokens.length).toBeGreaterThan(2);
  expect(tokens.filter((token) => json.includes(token))).toEqual([]);
});
