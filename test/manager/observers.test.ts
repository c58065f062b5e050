import { describe, expect, it } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import type { LocksOptions } from "../../src/lock/options.js";
import type { ManagerObserver } from "../../src/manager/observers.js";
import { settle, TestNodes } from "./test-nodes.js";

/** Locks that are looked on at, and every step of theirs, as "EVENT from>to (state of the lock)". */
function watched(options: Partial<LocksOptions> = {}) {
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

const whole = [
  "ACQUIRE idle>acquiring.asking",
  "GRANTED acquiring.asking>held",
  "RELEASE held>releasing",
  "RELEASED releasing>idle",
];

describe("a probe", () => {
  it("sees every step of every lock, in order", async () => {
    const { testNodes, locks, steps, watch } = watched();
    watch();
    await testNodes.run(locks.using("a", () => {}));
    expect(steps).toEqual(whole);
  });

  it("sees them in order also where listeners call back into the lock", async () => {
    const { testNodes, locks, steps, watch } = watched();
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
    expect(steps).toEqual([...whole, ...whole]);
  });

  it("sees what follows, where it comes late, and nothing once it has left", async () => {
    const { testNodes, locks, steps, watch } = watched();
    const lease = await testNodes.run(locks.acquire("a"));
    const leave = watch();
    await testNodes.run(lease.release());
    expect(steps).toEqual(whole.slice(2));
    leave();
    await testNodes.run(locks.using("a", () => {}));
    expect(steps).toEqual(whole.slice(2));
  });

  it("sees the same of a lock that is XState's own actor", async () => {
    const { testNodes, locks, steps, watch } = watched();
    watch();
    const handle = locks.handle("a");
    expect(handle.actor.getSnapshot().value).toBe("idle");
    await testNodes.run(handle.acquire());
    await testNodes.run(handle.release());
    expect(steps).toEqual(whole);
  });

  it("sees the same of a lock whose actor is asked for in the middle of a step", async () => {
    const { testNodes, locks, steps, watch } = watched();
    watch();
    const handle = locks.handle("a");
    handle.on("acquired", () => expect(handle.actor.getSnapshot().value).toBe("held"));
    await testNodes.run(handle.acquire());
    await testNodes.run(handle.release());
    expect(steps).toEqual(whole);
  });

  it("may ask for the actor itself, at any step: the lock goes on", async () => {
    for (const at of ["ACQUIRE", "GRANTED", "RENEW"]) {
      const { testNodes, locks, steps, watch, manager } = watched({ ttl: 1_000 });
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

  it("sees the same beside XState's inspection", async () => {
    const inspected: string[] = [];
    const { testNodes, locks, steps, watch } = watched({
      xstate: { inspect: ({ type }) => inspected.push(type) },
    });
    watch();
    await testNodes.run(locks.using("a", () => {}));
    expect(steps).toEqual(whole);
    expect(inspected).toContain("@xstate.snapshot");
  });

  it("harms nobody when it throws or rejects, and is reported", async () => {
    const failures: string[] = [];
    const { testNodes, locks, manager, steps, watch } = watched({
      onListenerError: (error, event) => void failures.push(`${event}: ${error}`),
    });
    const broken = () => {
      throw new Error("broken");
    };
    manager.watch({ lockStepped: broken, nodeAnswered: broken, nodeStepped: broken, closed: broken });
    // Typed to give nothing, and yet somebody's may be asynchronous.
    manager.watch({ lockStepped: (async () => broken()) as unknown as () => void });
    watch();
    await testNodes.run(locks.using("a", () => {}));
    testNodes.node(0).crash();
    await testNodes.run(locks.close());
    await settle();
    expect(steps).toEqual(whole);
    expect(new Set(failures)).toEqual(new Set(["inspection: Error: broken"]));
    expect(failures.length).toBeGreaterThan(2 * whole.length);
  });

  it("sees what becomes of the nodes, and how long they take", async () => {
    const { testNodes, locks, manager } = watched({ quarantine: false });
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

  it("is told once that the manager has closed, behind all steps", async () => {
    const { testNodes, locks, manager, steps, watch } = watched();
    watch();
    manager.watch({ closed: () => void steps.push("closed") });
    await testNodes.run(locks.acquire("a"));
    await testNodes.run(locks.close());
    await locks.close();
    // Closing aborts what a lock that is held does not do: that leads nowhere, and is no step.
    expect(steps).toEqual([...whole, "closed"]);
  });

  it("costs a lock nothing but a look while there is none", async () => {
    const { testNodes, locks, manager, watch } = watched();
    expect(manager.context.observers.any).toBe(false);
    const leave = watch();
    expect(manager.context.observers.any).toBe(true);
    leave();
    expect(manager.context.observers.any).toBe(false);
    await testNodes.run(locks.using("a", () => {}));
  });
});
