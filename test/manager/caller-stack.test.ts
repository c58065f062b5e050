import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import Redlock from "../../src/redlock.js";
import { TestNodes } from "./test-nodes.js";

/** Awaits a call by a function that a stack can name. Resolves with what the call rejects with. */
async function rejectionOf(testNodes: TestNodes, call: () => Promise<unknown>): Promise<Error> {
  async function caller() {
    await call();
  }
  const error = await testNodes.run(caller().catch((error: unknown) => error));
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

const crash = (testNodes: TestNodes) => {
  for (const node of testNodes.nodes) node.crash();
};

/** Calls that reject after a timer or a reply, each with the code of its error. */
const late: Record<string, [code: string, call: (locks: Locks, testNodes: TestNodes) => Promise<unknown>]> = {
  "acquire, when `wait` is over": ["ACQUIRE_TIMEOUT", (locks) => locks.acquire("taken", { wait: 50 })],
  "acquire of a taken lock": ["LOCK_CONTENDED", (locks) => locks.acquire("taken", { wait: 0 })],
  "acquire of several resources": [
    "LOCK_CONTENDED",
    (locks) => locks.acquire(["free", "taken"], { wait: 0 }),
  ],
  "acquire by two callers": [
    "ACQUIRE_TIMEOUT",
    (locks) => Promise.all([locks.acquire("taken", { wait: 50 }), locks.acquire("taken", { wait: 60 })]),
  ],
  "tryAcquire without a quorum": [
    "QUORUM_UNAVAILABLE",
    (locks, testNodes) => {
      crash(testNodes);
      return locks.tryAcquire("free");
    },
  ],
  using: ["ACQUIRE_TIMEOUT", (locks) => locks.using("taken", { wait: 50 }, () => {})],
  "the acquire of a handle": ["ACQUIRE_TIMEOUT", (locks) => locks.handle("taken", { wait: 50 }).acquire()],
  "renew without a quorum": [
    "QUORUM_UNAVAILABLE",
    async (locks, testNodes) => {
      const lease = await locks.acquire("free", { renew: false });
      crash(testNodes);
      await lease.renew();
    },
  ],
  "renew of a lease that is released": [
    "LEASE_EXPIRED",
    async (locks) => {
      const lease = await locks.acquire("free");
      await Promise.all([lease.renew(), lease.release()]);
    },
  ],
  "adopt of what has expired": [
    "LEASE_EXPIRED",
    async (locks) => {
      const note = (await locks.acquire("free")).handover();
      await (await locks.adopt(note)).release();
      await locks.adopt(note);
    },
  ],
  "ready, when a node stays away": [
    "NODES_NOT_READY",
    (locks, testNodes) => {
      crash(testNodes);
      return locks.ready({ timeout: 100 });
    },
  ],
  "acquire that closing ends": [
    "MANAGER_CLOSED",
    async (locks) => {
      const waiting = locks.acquire("taken");
      await Promise.all([waiting, locks.close()]);
    },
  ],
};

describe("the stack of an error shows the code that awaits", () => {
  it.each(Object.entries(late))("%s", async (_, [code, call]) => {
    const testNodes = new TestNodes();
    const [holder, locks] = [testNodes.locks(), testNodes.locks()];
    await testNodes.run(holder.acquire("taken"));
    await testNodes.run(holder.acquire("free").then((lease) => lease.release()));
    const error = await rejectionOf(testNodes, () => call(locks, testNodes));
    expect(error).toMatchObject({ code });
    expect(error.stack).toMatch(/^\w+Error: /);
    expect(error.stack).toContain(error.message);
    expect(error.stack).toMatch(/\n +at (async )?caller /);
  });

  it("of the Redlock class", async () => {
    const testNodes = new TestNodes();
    await testNodes.run(testNodes.locks().acquire("taken"));
    const redlock = new Redlock(testNodes.nodes, { retryCount: 0 });
    const error = await rejectionOf(testNodes, () => redlock.acquire(["taken"], 1_000));
    expect(error.stack).toMatch(/\n +at (async )?caller /);
  });
});

it("leaves the error of an abort as it is", async () => {
  const testNodes = new TestNodes();
  await testNodes.run(testNodes.locks().acquire("taken"));
  const controller = new AbortController();
  const reason = new Error("enough");
  const { stack } = reason;
  const error = await rejectionOf(testNodes, () => {
    const waiting = testNodes.locks().acquire("taken", { signal: controller.signal });
    controller.abort(reason);
    return waiting;
  });
  expect(error).toBe(reason);
  expect(error.stack).toBe(stack);
});
