import { createInspector, type StatelyInspectionEvent } from "@statelyai/inspect";
import { describe, expect, it } from "vitest";
import { listen, settle, TestNodes } from "../manager/test-nodes.js";
import { caught } from "../safety/scripted-locks.js";
import { noteSecrets } from "../support/noted-secrets.js";

/**
 * The messages that the inspector would have sent to Stately's page, where they arrive in a later tick of the event
 * loop.
 */
function recording() {
  const sent: StatelyInspectionEvent[] = [];
  // A copy of the message at that moment.
  const inspector = createInspector({ send: (event) => void sent.push(JSON.parse(JSON.stringify(event))) });
  const through = async () => {
    await new Promise((resolve) => setTimeout(resolve));
    await settle();
    return sent;
  };
  return { inspector, through };
}

/** The states of one actor after each step, in order. */
const statesOf = (sent: readonly StatelyInspectionEvent[], sessionId: string) =>
  sent.flatMap((event) =>
    event.type === "@xstate.snapshot" && event.sessionId === sessionId
      ? [(event.snapshot as { value?: unknown }).value]
      : [],
  );

const named = (sent: readonly StatelyInspectionEvent[], name: string) =>
  sent.flatMap((event) => (event.type === "@xstate.actor" && event.name === name ? [event] : []));

describe("Stately's inspector", () => {
  it("receives every actor by name, with its machine", async () => {
    const world = new TestNodes(3);
    const { inspector, through } = recording();
    const locks = world.locks({ xstate: { inspect: inspector.inspect } });
    await (await world.run(locks.acquire("a"))).release();
    await world.run(locks.close());
    const sent = await through();
    expect(["manager", "node", "lock"].map((name) => named(sent, name).length)).toEqual([1, 3, 1]);
    for (const name of ["manager", "node", "lock"]) {
      const [actor] = named(sent, name);
      const definition = JSON.parse(actor?.definition ?? "null");
      expect(definition).toMatchObject({ id: name, states: {} });
      expect(Object.keys(definition.states).length).toBeGreaterThan(2);
    }
  });

  it("receives a lock's events, and the state after each, in order", async () => {
    const world = new TestNodes(3);
    const { inspector, through } = recording();
    const locks = world.locks({ ttl: 1_000, xstate: { inspect: inspector.inspect } });
    const lease = await world.run(locks.acquire("a"));
    await world.clock.advance(600);
    await lease.release();
    const sent = await through();
    const [lock] = named(sent, "lock");
    const events = sent.flatMap((event) =>
      event.type === "@xstate.event" && event.sessionId === lock?.sessionId ? [event.event.type] : [],
    );
    const steps = ["ACQUIRE", "GRANTED", "RENEW", "RENEWED", "RELEASE", "RELEASED"];
    expect(events.filter((type) => !type.startsWith("xstate."))).toEqual(steps);
    expect(statesOf(sent, lock?.sessionId ?? "").slice(-6)).toEqual([
      { acquiring: "asking" },
      "held",
      { renewing: "asking" },
      "held",
      "releasing",
      "idle",
    ]);
    await world.run(locks.close());
  });

  it("receives the outages of nodes", async () => {
    const world = new TestNodes(3);
    const { inspector, through } = recording();
    const locks = world.locks({ xstate: { inspect: inspector.inspect } });
    await (await world.run(locks.acquire("a"))).release();
    world.node(0).crash();
    world.node(0).reconnect();
    await world.clock.advance(100);
    const sent = await through();
    const nodes = named(sent, "node").map(({ sessionId }) => statesOf(sent, sessionId));
    expect(nodes.map((states) => states.includes("down"))).toEqual([true, false, false]);
    expect(nodes.map((states) => states.at(-1))).toEqual(["ready", "ready", "ready"]);
    await world.run(locks.close());
  });

  it("receives no token, even with handovers, losses and failures", async () => {
    const world = new TestNodes(3);
    const { inspector, through } = recording();
    const { random, secrets } = noteSecrets();
    const locks = world.locks({ ttl: 1_000, random, xstate: { inspect: inspector.inspect } });
    const note = (await world.run(locks.acquire("a"))).handover();
    await world.run(locks.adopt(note));
    await world.run(caught(locks.acquire("a", { wait: 100 })));
    for (const node of world.nodes) node.hang();
    await world.clock.advance(2_000);
    await world.run(locks.close({ timeout: 10 }));
    const written = JSON.stringify(await through());
    // The first secret of a manager names its acquisitions by eight characters and is part of no token.
    const tokens = secrets.slice(1);
    expect(tokens.length).toBeGreaterThan(2);
    expect(tokens.filter((token) => written.includes(token))).toEqual([]);
    expect(written).not.toContain(note);
    expect(written).toContain('"EXPIRED"');
  });

  it("does not harm locks when it fails", async () => {
    const world = new TestNodes(3);
    const errors: string[] = [];
    const locks = world.locks({
      xstate: {
        inspect: {
          next() {
            throw new Error("the page is gone");
          },
        },
      },
      onListenerError: (error, event) => errors.push(`${event}: ${(error as Error).message}`),
    });
    const events = listen(locks);
    await (await world.run(locks.acquire("a"))).release();
    expect(events.map(({ name }) => name)).toEqual(["acquiring", "acquired", "released"]);
    expect(new Set(errors)).toEqual(new Set(["xstate.inspect: the page is gone"]));
    await world.run(locks.close());
  });
});
