import { describe, expect, it } from "vitest";
import { type Actor, createActor } from "xstate";
import { TableActor } from "../../src/machines/compiled/table-actor.js";
import { electionMachine } from "../../src/machines/election.js";
import type { ElectionMachineEvent } from "../../src/machines/election-events.js";
import { type ElectionPort, electionPorts } from "../../src/machines/election-port.js";
import { electionTable } from "../../src/machines/tables.js";
import { electionWalk } from "./walks/election-walk.js";

const input = { election: "scheduler" };

/** A call of the port. */
interface Call {
  readonly name: string;
}

/** Sends the events, and returns each call of the port, and the state after each event. */
function observed(
  actor: Actor<typeof electionMachine> | TableActor<typeof electionMachine>,
  events: readonly ElectionMachineEvent[],
): unknown[] {
  const seen: unknown[] = [];
  const call = (_: object, name: string | symbol) => (argument: unknown) =>
    void seen.push({ name, argument });
  electionPorts.bind(actor, new Proxy({}, { get: call }) as ElectionPort);
  if (!(actor instanceof TableActor)) actor.start();
  for (const event of events) {
    actor.send(event);
    const { value, context } = actor instanceof TableActor ? actor : actor.getSnapshot();
    seen.push({ value, context });
  }
  return seen;
}

const onTable = (...events: readonly ElectionMachineEvent[]) =>
  observed(new TableActor(electionTable(), input), events);

describe("the chart of an election", () => {
  it("has five states with fixed names", () => {
    const states = ["follower", "campaigning", "leading", "resigning", "closed"];
    expect(Object.keys(electionMachine.states)).toEqual(states);
  });

  it("does on its table what it does as an actor, in the same order", () => {
    for (const path of electionWalk.paths as readonly (readonly ElectionMachineEvent[])[])
      expect(onTable(...path)).toEqual(observed(createActor(electionMachine, { input }), path));
    expect(electionWalk.paths.length).toBe(28 * 10);
  });

  it("stops the code of a term before the lease is released, and campaigns again", () => {
    const events = onTable(
      { type: "CAMPAIGN" },
      { type: "ELECTED" },
      { type: "RESIGN", reason: "resigned" },
      { type: "STOPPED" },
      { type: "RELEASED" },
    );
    const calls = events.flatMap((seen) =>
      Object.hasOwn(seen as object, "name") ? [(seen as Call).name] : [],
    );
    expect(calls).toEqual([
      "campaign",
      "beginTerm",
      "stopWork",
      "releaseLease",
      "endTerm",
      "concludeTerm",
      "scheduleCampaign",
    ]);
  });

  it("ignores a loss while the lease is released", () => {
    const until = [
      { type: "CAMPAIGN" },
      { type: "ELECTED" },
      { type: "CLOSE" },
      { type: "STOPPED" },
      { type: "LOST", reason: "deadline" },
    ] as const;
    expect(onTable(...until).at(-1)).toEqual({
      value: { resigning: "releasing" },
      context: { election: "scheduler", terms: 1, reason: "closed", closing: true },
    });
    expect(onTable(...until, { type: "RELEASED" }).at(-1)).toMatchObject({ value: "closed" });
  });
});
