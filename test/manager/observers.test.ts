import { describe, expect, it } from "vitest";
import type { Actor, AnyStateMachine } from "xstate";
import { managerOf } from "../../src/api/managed-locks.js";
import type { InspectionEvent } from "../../src/lock/lock-actor.js";
import type { LocksOptions } from "../../src/lock/options.js";
import type { ManagerObserver } from "../../src/manager/observers.js";
import { settle, TestNodes } from "./test-nodes.js";

/** A manager whose observer records every step of its locks, as "EVENT from>to". */
function setUp(options: Partial<LocksOptions> = {}) {
  const testNodes = new TestNodes();
  const locks = testNodes.locks(options);
  const manager = managerOf(locks);
  const steps: string[] = [];
  const observer: ManagerObserver = {
    lockStepped: (lock, { type }, from, to) => {
      steps.push(`${type} ${from}>${to}`);
      expect(lock.path).toBe(to);
    },
  };
  const watch = () => manager.watch(observer);
  return { testNodes, locks, manager, steps, watch, observer };
}

const allSteps = [
  "ACQUIRE idle>acquiring.asking",
  "GRANTED acquiring.asking>held",
  "RELEASE held>releasing",
  "RELEASED releasing>idle",
];

describe("an observer", () => {
  it("receives every step of every lock, in order", async () => {
    const { testNodes, locks, steps, watch } = setUp();
    watch();
    await testNodes.run(locks.using("a", () => {}));
    expect(steps).toEqual(allSteps);
  });

  it("receives the steps in order, even when listeners call back into the lock", async () => {
    const { testNodes, locks, steps, watch } = setUp();
    watch();
    const handle = locks.handle("a");
    let again = true;
    handle.on("acquired", () => void handle.release());
    handle.on("released", () => {
      if (again) handle.acquire().catch(() => {});
      again = false;
    });
    await testNodes.run(handle.acquire());
    await testNodes.run(new Promise<void>((resolve) => setImmediate(resolve)));
    await testNodes.clock.advance(50);
    expect(steps).toEqual([...allSteps, ...allSteps]);
  });

  it("receives only the steps between its subscription and its removal", async () => {
    const { testNodes, locks, steps, watch } = setUp();
    const lease = await testNodes.run(locks.acquire("a"));
    const unsubscribe = watch();
    await testNodes.run(lease.release());
    expect(steps).toEqual(allSteps.slice(2));
    unsubscribe();
    await testNodes.run(locks.using("a", () => {}));
    expect(steps).toEqual(allSteps.slice(2));
  });

  it("receives the same steps of a lock that runs as XState's actor", async () => {
    const { testNodes, locks, steps, watch } = setUp();
    watch();
    const handle = locks.handle("a");
    expect(handle.actor.getSnapshot().value).toBe("idle");
    await testNodes.run(handle.acquire());
    await testNodes.run(handle.release());
    expect(steps).toEqual(allSteps);
  });

  it("receives the same steps of a lock whose actor is requested during a step", async () => {
    const { testNodes, locks, steps, watch } = setUp();
    watch();
    const handle = locks.handle("a");
    handle.on("acquired", () => expect(handle.actor.getSnapshot().value).toBe("held"));
    await testNodes.run(handle.acquire());
    await testNodes.run(handle.release());
    expect(steps).toEqual(allSteps);
  });

  it("may request the actor during any step, and the lock continues", async () => {
    for (const at of ["ACQUIRE", "GRANTED", "RENEW"]) {
      const { testNodes, locks, steps, watch, manager } = setUp({ ttl: 1_000 });
      const handle = locks.handle("a");
      manager.watch({ lockStepped: (_, { type }) => void (type === at && handle.actor) });
      watch();
      const lease = await testNodes.run(handle.acquire());
      for (const node of testNodes.nodes) node.hang();
      await testNodes.clock.advance(2_000);
      expect(steps.at(-1)).toMatch(/^EXPIRED renewing\.\w+>expired$/);
      expect(lease.signal.aborted).toBe(true);
      expect(manager.inUse).toEqual([]);
    }
  });

  it("receives the same steps together with XState's inspection", async () => {
    const inspected: string[] = [];
    const { testNodes, locks, steps, watch } = setUp({
      xstate: { inspect: ({ type }) => inspected.push(type) },
    });
    watch();
    await testNodes.run(locks.using("a", () => {}));
    expect(steps).toEqual(allSteps);
    expect(inspected).toContain("@xstate.snapshot");
  });

  it.each(["@xstate.actor", "@xstate.event", "@xstate.action", "@xstate.microstep", "@xstate.snapshot"])(
    "receives the same steps if XState's inspection subscribes to the actor at its first %s",
    async (at) => {
      const values: unknown[] = [];
      let subscribed = false;
      const inspect = ({ type, actorRef }: InspectionEvent) => {
        const { logic, subscribe } = actorRef as Actor<AnyStateMachine>;
        if (subscribed || type !== at || logic.id !== "lock") return;
        subscribed = true;
        subscribe(({ value }) => values.push(value));
      };
      const { testNodes, locks, steps, watch } = setUp({ xstate: { inspect } });
      watch();
      const handle = locks.handle("a");
      await testNodes.run(handle.acquire());
      await testNodes.run(handle.release());
      expect(steps).toEqual(allSteps);
      expect(values).toEqual([{ acquiring: "asking" }, "held", "releasing", "idle"]);
      expect(handle.actor.getSnapshot().value).toBe("idle");
      expect(await testNodes.holders("a")).toEqual([false, false, false]);
    },
  );

  it("affects no lock when it throws or rejects, and the error is reported", async () => {
    const failures: string[] = [];
    const { testNodes, locks, manager, steps, watch } = setUp({
      onListenerError: (error, event) => void failures.push(`${event}: ${error}`),
    });
    const broken = () => {
      throw new Error("broken");
    };
    manager.watch({ lockStepped: broken, nodeAnswered: broken, nodeStepped: broken, closed: broken });
    // The type requires a synchronous callback, but a user's callback may be asynchronous.
    manager.watch({ lockStepped: (async () => broken()) as unknown as () => void });
    watch();
    await testNodes.run(locks.using("a", () => {}));
    testNodes.node(0).crash();
    await testNodes.run(locks.close());
    await settle();
    expect(steps).toEqual(allSteps);
    expect(new Set(failures)).toEqual(new Set(["inspection: Error: broken"]));
    expect(failures.length).toBeGreaterThan(2 * allSteps.length);
  });

  it("receives the state changes and the response times of the nodes", async () => {
    const { testNodes, locks, manager } = setUp({ quarantine: false });
    const seen: unknown[] = [];
    const answers: [number, number][] = [];
    manager.watch({
      nodeStepped: (node, { type }, from, to) => void seen.push([node, type, from, to]),
      nodeAnswered: (node, ms) => void answers.push([node, ms]),
    });
    await testNodes.run(locks.acquire("a"));
    testNodes.node(2).hang();
    const lease = locks.acquire("b");
    await testNodes.clock.advance(40);
    testNodes.node(2).wake();
    await testNodes.run(lease);
    testNodes.node(1).crash();
    testNodes.node(1).reconnect();
    await settle();
    expect(seen).toContainEqual([1, "DISCONNECTED", "ready", "down"]);
    expect(seen).toContainEqual([1, "CONNECTED", "down", "ready"]);
    expect(manager.nodes.map(({ name, state }) => [name, state])).toEqual([
      ["node-0", "ready"],
      ["node-1", "ready"],
      ["node-2", "ready"],
    ]);
    expect(new Set(answers.map(([node]) => node))).toEqual(new Set([0, 1, 2]));
    expect(Math.max(...answers.filter(([node]) => node === 2).map(([, ms]) => ms))).toBe(40);
    expect(Math.max(...answers.filter(([node]) => node !== 2).map(([, ms]) => ms))).toBe(0);
  });

  it("is notified once that the manager has closed, after all steps", async () => {
    const { testNodes, locks, manager, steps, watch } = setUp();
    watch();
    manager.watch({ closed: () => void steps.push("closed") });
    await testNodes.run(locks.acquire("a"));
    await testNodes.run(locks.close());
    await locks.close();
    // Closing sends an abort that a held lock ignores, so the abort is no step.
    expect(steps).toEqual([...allSteps, "closed"]);
  });

  it("is reported as absent while none is subscribed", async () => {
    const { testNodes, locks, manager, watch } = setUp();
    expect(manager.context.observers.any).toBe(false);
    const unsubscribe = watch();
    expect(manager.context.observers.any).toBe(true);
    unsubscribe();
    expect(manager.context.observers.any).toBe(false);
    await testNodes.run(locks.using("a", () => {}));
  });
});
