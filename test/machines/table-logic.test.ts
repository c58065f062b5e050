import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Actor, createActor, getNextTransitions, matchesState, toPromise, waitFor } from "xstate";
import { TableActor } from "../../src/machines/compiled/table-actor.js";
import { logicOf } from "../../src/machines/compiled/table-logic.js";
import { lockMachine } from "../../src/machines/lock.js";
import type { LockMachineEvent } from "../../src/machines/lock-events.js";
import { lockTable } from "../../src/machines/tables.js";
import { breadth } from "../support/breadth.js";
import { byTable, byXState, initialEvents, inspected } from "./inspected.js";
import { lockEvents, lockPaths } from "./lock-paths.js";

const input = { resources: ["a"] };
/** An actor of the table after the events. */
function actorAfter(...events: LockMachineEvent[]) {
  const table = new TableActor(lockTable(), input);
  const actor = table.toActor();
  for (const event of events) table.send(event);
  return { table, actor };
}

const acquire: LockMachineEvent = { type: "ACQUIRE", acquisition: "1", queued: false };
const granted: LockMachineEvent = { type: "GRANTED", validUntil: 1_000, votes: [] };

/** Tests load XState's development build, which warns about events that a stopped actor receives. */
beforeAll(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

describe("the actor of a lock", () => {
  const table = byTable(lockTable(), input);
  const xstate = byXState(lockMachine, input);

  it("gives inspectors on every path what XState's actor gives", () => {
    for (const path of lockPaths.filter((_, index) => index % breadth(3, 1) === 0))
      expect(inspected(lockMachine, table, path, null)).toEqual(inspected(lockMachine, xstate, path, null));
  }, 120_000);

  it("gives subscribers what XState's actor gives, whenever an inspector subscribes", () => {
    const some = lockPaths.filter((path, index) => path.length > 3 && index % breadth(97, 31) === 0);
    for (const path of some) {
      const { length } = inspected(lockMachine, xstate, path, null);
      for (let at = initialEvents; at < length; at++)
        expect(inspected(lockMachine, table, path, at)).toEqual(inspected(lockMachine, xstate, path, at));
    }
  }, 120_000);

  it("leaves XState nothing to compute but the events that its state does not handle", () => {
    const compute = vi.spyOn(lockMachine, "transition");
    const { table } = actorAfter(acquire, granted, { type: "RELEASE" }, { type: "RELEASED", votes: [] });
    expect(table.value).toBe("idle");
    expect(compute).not.toHaveBeenCalled();
    table.send({ type: "NEXT" });
    expect(compute).toHaveBeenCalledOnce();
    compute.mockRestore();
  });

  it("has snapshots that answer as XState's do, in every state", () => {
    const reached = new Set<string>();
    for (const path of lockPaths) {
      const { actor } = actorAfter(...path);
      const snapshot = actor.getSnapshot();
      const name = JSON.stringify(snapshot.value);
      if (reached.has(name)) continue;
      reached.add(name);
      const { value, context } = snapshot;
      const expected = lockMachine.resolveState({ value, context });
      expect(JSON.stringify(snapshot)).toBe(JSON.stringify(expected));
      expect(lockEvents.map((event) => snapshot.can(event))).toEqual(
        lockEvents.map((event) => expected.can(event)),
      );
      expect(snapshot.matches(value as never)).toBe(true);
      expect(snapshot.matches(typeof value === "string" ? value : (Object.keys(value)[0] as never))).toBe(
        true,
      );
      expect([snapshot.hasTag("none" as never), snapshot.getMeta()]).toEqual([false, {}]);
      expect(getNextTransitions(snapshot)).toEqual(getNextTransitions(expected));
    }
    expect(reached.size).toBe(9);
  });

  it("has an event that is sent to it handled, too", () => {
    const { table, actor } = actorAfter(acquire);
    actor.send(granted);
    expect(table.state).toBe("held");
    table.send({ type: "RELEASE" });
    expect(actor.getSnapshot().value).toBe("releasing");
  });

  it("works with XState's functions for actors", async () => {
    const { table, actor } = actorAfter(acquire);
    const held = waitFor(actor, (snapshot) => snapshot.matches("held"));
    const attempts: unknown[] = [];
    actor.select(({ context }) => context.attempt).subscribe((attempt) => attempts.push(attempt));
    table.send({ type: "DENIED", reason: "contended", votes: [], retryIn: 1 });
    table.send({ type: "RETRY" });
    table.send(granted);
    expect((await held).context.validUntil).toBe(1_000);
    expect(attempts).toEqual([2]);
    expect(actor).toBeInstanceOf(Actor);
    expect(actor.system.getSnapshot()).toEqual({ _scheduledEvents: {} });
    expect(actor.id).toBe(actor.sessionId);
    expect(matchesState("held", actor.getSnapshot().value)).toBe(true);
    const stopped = toPromise(actor);
    table.stop();
    await stopped;
    expect(actor.getSnapshot().status).toBe("stopped");
  });

  it("has a persisted snapshot that XState restores", () => {
    const { actor } = actorAfter(acquire, granted, { type: "RENEW" });
    const snapshot = actor.getPersistedSnapshot();
    const restored = createActor(lockMachine, { snapshot, input }).start();
    expect(restored.getSnapshot().value).toEqual({ renewing: "asking" });
    expect(restored.getSnapshot().context).toEqual(actor.getSnapshot().context);
  });

  it("has the chart as its logic", () => {
    const { actor } = actorAfter();
    const { logic } = actor;
    expect([logic.config, logic.id, logic.root]).toEqual([lockMachine.config, "lock", lockMachine.root]);
    expect(actor.getSnapshot().machine).toBe(lockMachine);
    expect(logicOf(lockMachine, lockTable().start).machine).toBe(logic);
  });
});
