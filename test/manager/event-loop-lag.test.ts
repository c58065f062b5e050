import { describe, expect, it } from "vitest";
import { managerOf } from "../../src/api/managed-locks.js";
import { createLocks } from "../../src/index.js";
import type { NodeMachineEvent } from "../../src/machines/node-events.js";
import { settle, VirtualClock } from "../../src/testing/virtual-clock.js";
import { granted, ScriptedNode } from "../engine/scripted-node.js";
import { listen } from "./test-nodes.js";

/** A model of an event loop: replies in the sockets are read after the timers and before the poll callbacks. */
class LoopClock extends VirtualClock {
  private readonly polls: (() => void)[] = [];

  /** `arrived`: takes the replies that are in the sockets now, and returns a function that reads them. */
  constructor(private readonly arrived: () => () => void) {
    super();
  }

  afterPoll(callback: () => void): void {
    this.polls.push(callback);
  }

  /** Runs one iteration of the loop, in which the program blocks the loop for `busy` ms. */
  async turn(busy: number): Promise<void> {
    await settle();
    this.stall(busy);
    // Requests that timers send from now on are answered in the next iteration.
    const read = this.arrived();
    await this.advance(0);
    read();
    await settle();
    for (const callback of this.polls.splice(0)) callback();
    await settle();
  }
}

function setUp() {
  const nodes = [0, 1, 2].map((index) => new ScriptedNode(`node-${index}`));
  // Every server answers at once, so its replies are in the socket when the loop reads them.
  const clock = new LoopClock(() => {
    const arrivals = nodes.flatMap((node) => node.arrivals.splice(0));
    return () => {
      for (const arrival of arrivals) arrival.answer(granted);
    };
  });
  const silences: NodeMachineEvent["type"][] = [];
  const locks = createLocks({ nodes, clock, owner: "me", ttl: 10_000 });
  managerOf(locks).watch({
    nodeStepped: (_, { type }) =>
      void ((type === "SILENT" || type === "UNRESPONSIVE") && silences.push(type)),
  });
  return { nodes, clock, locks, events: listen(locks), silences };
}

describe.each([600, 1_500])("an event loop that is blocked for %i ms per iteration", (busy) => {
  it("fails no acquisition and loses no lease, because replies in the socket count", async () => {
    const { clock, locks, events, silences } = setUp();
    const acquisition = locks.acquire("a");
    for (let turn = 0; turn < 3; turn++) await clock.turn(busy);
    const lease = await acquisition;
    for (let turn = 0; turn * busy < 60_000; turn++) {
      await clock.turn(busy);
      expect(managerOf(locks).nodes.map(({ state }) => state)).toEqual(["ready", "ready", "ready"]);
    }
    expect(lease.remaining()).toBeGreaterThan(0);
    const names = events.map(({ name }) => name);
    expect(names.filter((name) => name !== "renewed")).toEqual(["acquiring", "acquired"]);
    expect(names.filter((name) => name === "renewed").length).toBeGreaterThan(5);
    void lease.release();
    for (let turn = 0; turn < 3; turn++) await clock.turn(busy);
    expect(events.at(-1)?.name).toBe("released");
    expect(silences).toEqual([]);
    void locks.close();
  });
});

it("a round that is decided more than four node timeouts after its request grants nothing", async () => {
  const { clock, locks, nodes } = setUp();
  await locks.ready();
  const acquisition = locks
    .acquire("a", { ttl: 60_000, wait: 0, retry: { count: 0 } })
    .catch((error) => error);
  await settle();
  // The loop is blocked for longer than that, with the replies in the socket.
  await clock.turn(4_001);
  await clock.turn(0);
  expect(await acquisition).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
  expect(nodes[0]?.ops.filter((op) => op === "acquire")).toEqual([]);
});

it("a renewal that is decided more than four node timeouts after its request fails, and the lease continues", async () => {
  const { clock, locks, events } = setUp();
  const acquisition = locks.acquire("a", { ttl: 20_000, renew: false });
  for (let turn = 0; turn < 3; turn++) await clock.turn(0);
  const lease = await acquisition;
  const { validUntil } = lease;
  const renewal = lease.renew(60_000).catch((error) => error);
  await settle();
  await clock.turn(4_001);
  await clock.turn(0);
  expect(await renewal).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
  expect(lease.validUntil).toBe(validUntil);
  expect(lease.remaining()).toBeGreaterThan(0);
  expect(events.at(-1)?.name).toBe("quorumLost");
  void lease.release();
  for (let turn = 0; turn < 3; turn++) await clock.turn(0);
  void locks.close();
});
