import { describe, expect, it, vi } from "vitest";
import type { Handle, Locks } from "../../src/index.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

const setUp = () => {
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks({ ttl: 1_000 });
  return { testNodes, locks, events: listen(locks), handle: locks.handle("a") };
};
const free = [false, false, false];

describe("a listener that calls its lock", () => {
  it("finds the lock in the state of the event", async () => {
    const { handle } = setUp();
    const seen: unknown[] = [];
    const recordState = () => seen.push([handle.state, handle.lease !== null]);
    for (const name of ["acquiring", "acquired", "released"] as const) handle.on(name, recordState);
    await handle.acquire();
    await handle.release();
    expect(seen).toEqual([
      ["acquiring", false],
      ["held", true],
      ["idle", false],
    ]);
  });

  it("may release the lock that was just acquired", async () => {
    const { testNodes, handle } = setUp();
    const released = vi.fn();
    handle.on("acquired", () => void handle.release().then(released));
    const lease = await handle.acquire();
    await settle();
    expect(released).toHaveBeenCalledExactlyOnceWith("released");
    expect(lease.remaining()).toBe(0);
    expect(handle.state).toBe("idle");
    expect(await testNodes.holders("a")).toEqual(free);
  });

  it("may release from a subscription to the actor, in the middle of a step", async () => {
    const { testNodes, handle } = setUp();
    let asked = false;
    handle.actor.subscribe(({ value }) => {
      if (value !== "held" || asked) return;
      asked = true;
      void handle.release();
    });
    await handle.acquire();
    await settle();
    expect(handle.state).toBe("idle");
    expect(await testNodes.holders("a")).toEqual(free);
  });

  it("may acquire again when the lease was lost or released", async () => {
    for (const name of ["expired", "released"] as const) {
      const { testNodes, handle } = setUp();
      const again: Promise<unknown>[] = [];
      handle.once(name, () => again.push(handle.acquire()));
      await handle.acquire({ renew: false });
      if (name === "released") await handle.release();
      else await testNodes.clock.advance(1_000);
      await Promise.all(again);
      expect(again.length).toBe(1);
      expect(handle.state).toBe("held");
    }
  });

  it("may acquire again in onLost", async () => {
    const { testNodes, handle } = setUp();
    let again: Promise<unknown> | undefined;
    const onLost = () => {
      again = handle.acquire();
    };
    await handle.acquire({ renew: false, onLost });
    await testNodes.clock.advance(1_000);
    await again;
    expect(handle.state).toBe("held");
  });

  it("cannot start a second acquisition while the first one runs, and the first one settles", async () => {
    const { handle } = setUp();
    let second: Promise<unknown> | undefined;
    handle.once("acquiring", () => {
      second = handle.acquire().catch((error: unknown) => error);
    });
    await handle.acquire();
    expect(await second).toMatchObject({ code: "HANDLE_BUSY" });
  });

  it("may abort as soon as the acquisition begins", async () => {
    const { testNodes, handle } = setUp();
    const controller = new AbortController();
    handle.once("acquiring", () => controller.abort(new Error("changed my mind")));
    await expect(handle.acquire({ signal: controller.signal })).rejects.toThrow("changed my mind");
    expect(await testNodes.holders("a")).toEqual(free);
  });

  it("may close everything at any time, and nothing stays pending", async () => {
    for (const name of ["acquiring", "acquired", "renewed"] as const) {
      const { testNodes, locks, handle } = setUp();
      let closed: Promise<void> | undefined;
      locks.once(name, () => {
        closed = locks.close();
      });
      const since = testNodes.clock.monotonic();
      const outcome = handle.acquire({ wait: Number.POSITIVE_INFINITY }).catch((error: unknown) => error);
      await testNodes.clock.advance(600);
      await testNodes.run(outcome);
      await closed;
      expect(closed, name).toBeDefined();
      expect(testNodes.clock.monotonic() - since).toBeLessThan(700);
      expect(await testNodes.holders("a"), name).toEqual(free);
      expect(testNodes.clock.pending, name).toBe(0);
    }
  });

  it("may hand over and release, and the first call counts", async () => {
    for (const first of ["handover", "release"] as const) {
      const { testNodes, handle } = setUp();
      const outcomes: unknown[] = [];
      handle.once("renewed", () => {
        const { lease } = handle;
        if (first === "handover") lease?.handover();
        void lease?.release().then((outcome) => outcomes.push(outcome));
        if (first === "release") expect(() => lease?.handover()).toThrow(/it was released/);
      });
      await handle.acquire();
      await testNodes.clock.advance(600);
      expect(outcomes).toEqual([first === "handover" ? "handedOver" : "released"]);
    }
  });

  it("may release in its retry policy without an effect on the next acquisition", async () => {
    const { testNodes, locks } = setUp();
    await testNodes.locks({ owner: "other" }).acquire("b");
    const handle: Handle = locks.handle("b");
    let second: Promise<unknown> | undefined;
    const retry = () => {
      void handle.release();
      second ??= handle.acquire({ wait: 0 }).catch((error: unknown) => error);
      return 10;
    };
    await expect(handle.acquire({ retry })).rejects.toThrow("the handle was released");
    expect(await testNodes.run(second ?? Promise.reject(new Error("not asked")))).toMatchObject({
      code: "LOCK_CONTENDED",
      attempts: 1,
    });
  });
});

describe("a program that misbehaves", () => {
  it("may inspect with a function that throws: the lock continues, and the error is reported", async () => {
    const testNodes = new TestNodes(3);
    const reported: string[] = [];
    const inspect = () => {
      throw new Error("mine");
    };
    const onListenerError = (_: unknown, event: string) => void reported.push(event);
    const handle = testNodes.locks({ xstate: { inspect }, onListenerError }).handle("a");
    await handle.acquire();
    expect(await handle.release()).toBe("released");
    await handle.acquire();
    expect(handle.state).toBe("held");
    expect(new Set(reported)).toEqual(new Set(["xstate.inspect"]));
  });

  it("may retry at once forever without blocking the event loop", async () => {
    const { testNodes, handle } = setUp();
    for (const node of testNodes.nodes) node.crash();
    let tries = 0;
    handle.on("failed", () => {
      tries++;
      if (tries < 5_000) handle.acquire({ wait: 0 }).catch(() => {});
    });
    await handle.acquire({ wait: 0 }).catch(() => {});
    await settle();
    expect(tries).toBeLessThan(1_000);
    for (const node of testNodes.nodes) node.restart();
    await testNodes.clock.advance(100);
    expect(handle.state).toBe("held");
  });

  it("may acquire or close during close(): an acquisition is rejected, and a close is shared", async () => {
    for (const again of ["acquire", "handle", "close"] as const) {
      const { testNodes, locks, handle } = setUp();
      await testNodes.locks({ owner: "other" }).acquire("a");
      const outcomes: Promise<unknown>[] = [];
      locks.once("failed", () => {
        if (again === "acquire") outcomes.push(locks.acquire("b").catch((error: unknown) => error));
        if (again === "handle") outcomes.push(handle.acquire().catch((error: unknown) => error));
        if (again === "close") outcomes.push(locks.close());
      });
      const waiting = handle.acquire({ wait: Number.POSITIVE_INFINITY }).catch((error: unknown) => error);
      await testNodes.clock.advance(10);
      await locks.close();
      expect(await waiting).toMatchObject({ code: "MANAGER_CLOSED" });
      expect(outcomes.length).toBe(1);
      const outcome = await Promise.all(outcomes);
      if (again !== "close") expect(outcome).toMatchObject([{ code: "MANAGER_CLOSED" }]);
      expect(await testNodes.holders("b"), again).toEqual(free);
    }
  });

  it("may release in its retry policy when the votes fail at once", async () => {
    const { testNodes, handle } = setUp();
    await handle.acquire();
    await handle.release();
    for (const node of testNodes.nodes) node.crash();
    const retry = () => {
      void handle.release();
      return 50;
    };
    await expect(handle.acquire({ retry })).rejects.toThrow("the handle was released");
    expect(handle.state).toBe("idle");
  });

  it("may acquire a lock again when another lock ends, and the timer belongs to the new acquisition", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ ttl: 5_000, renew: false });
    const [first, second] = [locks.handle("x"), locks.handle("y")];
    await first.acquire({ ttl: 1_000 });
    await second.acquire();
    let again: Promise<unknown> | undefined;
    second.once("released", () => {
      again = second.acquire({ wait: 3_000 }).catch((error: unknown) => error);
    });
    first.once("expired", () => void second.release());
    for (const node of testNodes.nodes) node.crash();
    testNodes.clock.stepWall(2_000);
    await testNodes.clock.advance(300);
    expect(again).toBeDefined();
    expect(await testNodes.run(again ?? Promise.reject(new Error("not asked")))).toMatchObject({
      code: "ACQUIRE_TIMEOUT",
    });
  });
});

describe("a manager that is closed during a job", () => {
  const run = (locks: Locks) =>
    locks.using("a", (lease) => {
      return new Promise<unknown>((resolve) => {
        lease.signal.addEventListener("abort", () => resolve(lease.signal.reason));
      });
    });

  it("aborts the job's signal before it releases the lock", async () => {
    const { testNodes, locks } = setUp();
    const job = run(locks);
    await settle();
    await locks.close();
    expect(await job).toMatchObject({ code: "MANAGER_CLOSED" });
    expect(await testNodes.holders("a")).toEqual(free);
  });

  it("leaves nothing pending when the nodes hang and its timeout is 0", async () => {
    const { testNodes, locks, events, handle } = setUp();
    await handle.acquire();
    for (const node of testNodes.nodes) node.hang();
    const release = handle.release();
    const closed = locks.close({ timeout: 0 });
    await testNodes.clock.advance(1);
    await closed;
    expect(await release).toBe("pending");
    expect(handle.state).toBe("idle");
    expect(events.at(-1)?.name).toBe("released");
    expect(testNodes.clock.pending).toBe(0);
  });
});

describe("a callback that fails", () => {
  it("affects no lock, even when the error listener fails as well", async () => {
    const warnings: string[] = [];
    const onWarning = ({ code }: Error & { code?: string }) => warnings.push(code ?? "");
    process.on("warning", onWarning);
    const testNodes = new TestNodes(3);
    const onListenerError = () => {
      throw new Error("mine too");
    };
    for (const options of [{ onListenerError }, {}]) {
      const locks = testNodes.locks(options);
      locks.on("acquired", () => {
        throw Object.create(null);
      });
      locks.on("released", (() => Promise.reject(new Error("later"))) as () => void);
      const lease = await locks.acquire("a");
      expect(await lease.release()).toBe("released");
    }
    await settle();
    process.off("warning", onWarning);
    expect(warnings).toEqual(Array(4).fill("LISTENER_ERROR"));
  });
});
