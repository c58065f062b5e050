import { describe, expect, it } from "vitest";
import { type AcquireTimeoutError, isHoldfastError, type LockContendedError } from "../../src/index.js";
import { caught } from "../safety/scripted-locks.js";
import { listen, TestNodes } from "./test-nodes.js";

describe("a wait that is blocked by a lease of the same manager", () => {
  it("says so in the error: by which acquisition, and for how long", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    let acquisition = "";
    locks.once("acquired", (event) => {
      acquisition = event.acquisition;
    });
    const outer = locks.using("a", async () => {
      await new Promise<void>((resolve) => testNodes.clock.after(1_100, resolve));
      return caught(locks.acquire("a", { wait: 1_000 }));
    });
    const error = (await testNodes.run(outer, 5_000)) as AcquireTimeoutError;
    expect(error.code).toBe("ACQUIRE_TIMEOUT");
    expect(error.message).toMatch(
      new RegExp(`"a" is held by this process, acquisition ${acquisition}, for 2\\.1 s; .*not reentrant`),
    );
    const cause = error.cause as LockContendedError;
    expect(isHoldfastError(cause, "LOCK_CONTENDED")).toBe(true);
    expect(cause.heldHere).toEqual({ acquisition, heldFor: 2_100 });
  });

  it("says so in the event `retrying`", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks();
    const lease = await testNodes.run(locks.acquire(["a", "b"]));
    const events = listen(locks);
    await testNodes.clock.advance(500);
    await testNodes.run(caught(locks.acquire("b", { wait: 1_000 })), 2_000);
    const { acquisition } = JSON.parse(JSON.stringify(lease));
    expect(events.find(({ name }) => name === "retrying")?.event).toMatchObject({
      heldHere: { acquisition, heldFor: expect.closeTo(500, -1) },
    });
  });

  it("says so of one that has not asked yet, because others in the process came before", async () => {
    const testNodes = new TestNodes(1);
    const locks = testNodes.locks();
    await testNodes.run(locks.acquire("a"));
    const first = caught(locks.acquire("a", { wait: 200 }));
    const second = caught(locks.acquire("a", { wait: 100 }));
    const [, error] = await testNodes.run(Promise.all([first, second]), 300);
    expect((error as Error).message).toMatch(/came before, and is held by this process, acquisition/);
  });

  it("says nothing of the kind when another process holds the lock", async () => {
    const testNodes = new TestNodes(3);
    await testNodes.run(testNodes.locks({ owner: "other" }).acquire("a"));
    const locks = testNodes.locks();
    await testNodes.run(locks.acquire("unrelated"));
    const events = listen(locks);
    const error = await testNodes.run(caught(locks.acquire("a", { wait: 1_000 })), 2_000);
    expect((error as Error).message).toMatch(/is held by other for up to/);
    expect(events.find(({ name }) => name === "retrying")?.event).not.toHaveProperty("heldHere");
  });

  it("names the lease of the key that is denied, when several are wanted", async () => {
    const testNodes = new TestNodes(1);
    await testNodes.run(testNodes.locks({ owner: "other" }).acquire("b"));
    const locks = testNodes.locks();
    await testNodes.run(locks.acquire("a"));
    const error = (await caught(locks.acquire(["b", "a"], { wait: 0 }))) as LockContendedError;
    expect(error.holder?.key === "a").toBe(error.heldHere !== undefined);
  });
});
