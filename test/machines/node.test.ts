import { describe, expect, it } from "vitest";
import { createActor } from "xstate";
import { type NodeMachineEvent, nodeMachine, nodePorts } from "../../src/machines/node.js";

function observed(...events: readonly NodeMachineEvent["type"][]) {
  const actor = createActor(nodeMachine, { input: { node: "n" } });
  const told: string[] = [];
  nodePorts.bind(actor, { up: () => told.push("up"), down: (cause) => told.push(`down: ${cause}`) });
  actor.start();
  for (const type of events) actor.send({ type });
  return { state: actor.getSnapshot().value, told };
}

describe("the node's chart", () => {
  it("tells when a connection is lost and found", () => {
    expect(observed("CONNECTED").told).toEqual([]);
    expect(observed("CONNECTED", "DISCONNECTED").told).toEqual(["down: undefined"]);
    expect(observed("CONNECTED", "DISCONNECTED", "CONNECTED")).toEqual({
      state: "ready",
      told: ["down: undefined", "up"],
    });
  });

  it("suspects a node that is silent, and calls it down when it is silent three times in a row", () => {
    expect(observed("CONNECTED", "SILENT", "SILENT").state).toBe("suspect");
    expect(observed("CONNECTED", "SILENT", "SILENT", "ANSWERED", "SILENT").told).toEqual([]);
    expect(observed("CONNECTED", "SILENT", "SILENT", "SILENT")).toEqual({
      state: "down",
      told: ["down: does not answer"],
    });
    expect(observed("CONNECTED", "SILENT", "SILENT", "SILENT", "ANSWERED").told.at(-1)).toBe("up");
  });

  it("calls a node down that never connected", () => {
    expect(observed("SILENT").told).toEqual(["down: does not answer"]);
  });
});
