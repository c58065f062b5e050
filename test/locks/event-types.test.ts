import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type AcquireOptions,
  type AnyElectionEvent,
  type AnyEvent,
  type AnyLockEvent,
  createLocks,
  type DeposedEvent,
  type ExpiredEvent,
  type LocksOptions,
  memoryNode,
  type NodeDownEvent,
  type RetryingEvent,
} from "../../src/index.js";

/** What a listener for several events gets out of the union. */
function described(event: AnyEvent): string {
  switch (event.type) {
    case "expired":
      expectTypeOf(event).toEqualTypeOf<ExpiredEvent>();
      return `${event.resources} ${event.reason}`;
    case "retrying":
      expectTypeOf(event).toEqualTypeOf<RetryingEvent>();
      return `${event.attempt}`;
    case "nodeDown":
      expectTypeOf(event).toEqualTypeOf<NodeDownEvent>();
      return event.cause;
    case "nodeUp":
    case "nodeQuarantined":
      return event.node;
    case "acquiring":
    case "acquired":
    case "renewed":
    case "upgraded":
    case "quorumLost":
    case "released":
    case "failed":
      return event.acquisition;
    default:
      expectTypeOf(event).toBeNever();
      return event;
  }
}

describe("events", () => {
  it("have their name as `type`, on the locks, a handle, an election and `onLost`", async () => {
    const nodes = [memoryNode(), memoryNode(), memoryNode()];
    const locks = createLocks({ nodes, ttl: 60_000 });
    const seen: string[] = [];
    const note = (event: AnyEvent | AnyElectionEvent) => void seen.push(event.type);
    for (const name of ["acquiring", "acquired", "released", "nodeDown", "nodeUp"] as const)
      locks.on(name, note);
    const handle = locks.handle("a").on("expired", note);
    await locks.using("a", () => {});
    nodes[0]?.crash();
    nodes[0]?.reconnect();
    expect(seen).toEqual(["acquiring", "acquired", "released", "nodeDown", "nodeUp"]);
    seen.length = 0;
    await new Promise<void>((resolve) => {
      const election = locks.election("e", { onElected: () => void election.close(), onDeposed: note });
      election.on("elected", note);
      election.on("deposed", (event) => {
        expectTypeOf(event).toEqualTypeOf<DeposedEvent>();
        note(event);
        resolve();
      });
    });
    expect(seen.filter((type) => type !== "acquiring" && type !== "acquired")).toEqual(
      expect.arrayContaining(["elected", "deposed"]),
    );
    expect(handle.state).toBe("idle");
    await locks.close();
  });

  it("narrow by name in one listener for all of them", async () => {
    const locks = createLocks({ nodes: [memoryNode()] });
    const texts: string[] = [];
    for (const name of ["acquired", "released"] as const)
      locks.on(name, (event) => void texts.push(described(event)));
    await locks.using("a", () => {});
    expect(texts).toHaveLength(2);
    expect(new Set(texts).size).toBe(1);
    await locks.close();
  });

  it("give a listener the event of its name, and no other", () => {
    const locks = createLocks({ nodes: [memoryNode()] });
    locks.on("expired", (event) => expectTypeOf(event).toEqualTypeOf<ExpiredEvent>());
    locks.on("nodeDown", (event) => expectTypeOf(event).toEqualTypeOf<NodeDownEvent>());
    locks.handle("a").on("failed", (event) => expectTypeOf(event.error).toBeUnknown());
    expectTypeOf<AnyLockEvent["type"]>().toEqualTypeOf<Exclude<AnyEvent["type"], `node${string}`>>();
    void (() => {
      // @ts-expect-error: no such event
      locks.on("lost", () => {});
      // @ts-expect-error: a handle has no events of nodes
      locks.handle("a").on("nodeDown", () => {});
      // @ts-expect-error: an event without this property
      locks.on("acquired", (event) => event.reason);
      // @ts-expect-error: the listener of another event
      locks.on("acquired", (event: ExpiredEvent) => event);
      // @ts-expect-error: events are not to be changed
      locks.on("acquired", (event) => (event.attempt = 2));
    });
  });
});

describe("wrong modes and options", () => {
  it("do not compile", async () => {
    const locks = createLocks({ nodes: [memoryNode()] });
    const mode: AcquireOptions["mode"] = "shared";
    expectTypeOf(mode).toEqualTypeOf<"shared">();
    void (() => {
      // @ts-expect-error: no such mode
      void locks.acquire("a", { mode: "read" });
      // @ts-expect-error: text is no duration
      void locks.acquire("a", { ttl: "5s" });
      // @ts-expect-error: no such option
      void locks.acquire("a", { timeout: 5_000 });
      // @ts-expect-error: text is no answer
      void locks.acquire("a", { fence: "yes" });
      // @ts-expect-error: no such option of a retry policy
      void locks.acquire("a", { retry: { retries: 3 } });
      // @ts-expect-error: a semaphore has permits
      locks.semaphore("a", {});
      // @ts-expect-error: permits are shared already
      void locks.semaphore("a", { permits: 2 }).acquire({ mode: "shared" });
      // @ts-expect-error: one acquisition has a signal, not all of them
      createLocks({ nodes: [memoryNode()], signal: AbortSignal.timeout(1) });
      // @ts-expect-error: no such way to renew
      createLocks({ nodes: [memoryNode()], renewal: "thread" });
      // @ts-expect-error: nodes or groups
      createLocks({ ttl: 5_000 });
      // @ts-expect-error: a job returns nothing to whom it does not run for
      void locks.using("a");
    });
    expectTypeOf<LocksOptions>().not.toHaveProperty("signal");
    await locks.close();
  });
});
