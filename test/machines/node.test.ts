import { describe, expect, it } from "vitest";
import { createActor } from "xstate";
import { nodeMachine } from "../../src/machines/node.js";
import type { NodeMachineEvent } from "../../src/machines/node-events.js";
import { nodePorts } from "../../src/machines/node-port.js";

type Event = NodeMachineEvent | Exclude<NodeMachineEvent["type"], "FORGOT">;

function observed(...events: readonly Event[]) {
  const actor = createActor(nodeMachine, { input: { node: "n" } });
  const told: string[] = [];
  nodePorts.bind(actor, {
    up: () => told.push("up"),
    down: (cause) => told.push(`down: ${cause}`),
    quarantined: (until, cause) => told.push(`quarantined until ${until}: ${cause}`),
  });
  actor.start();
  for (const event of events) actor.send(typeof event === "string" ? { type: event } : event);
  return { state: actor.getSnapshot().value, told };
}

describe("the node's chart", () => {
  it("reports when a connection is lost and restored", () => {
    expect(observed("CONNECTED").told).toEqual([]);
    expect(observed("CONNECTED", "DISCONNECTED").told).toEqual(["down: the connection was lost"]);
    expect(observed("CONNECTED", "DISCONNECTED", "CONNECTED")).toEqual({
      state: "ready",
      told: ["down: the connection was lost", "up"],
    });
  });

  it("suspects a silent node, and reports it as unresponsive when it is no longer asked", () => {
    expect(observed("CONNECTED", "SILENT", "SILENT").state).toBe("suspect");
    expect(observed("CONNECTED", "SILENT", "SILENT", "ANSWERED", "SILENT").told).toEqual([]);
    expect(observed("CONNECTED", "SILENT", "SILENT", "UNRESPONSIVE")).toEqual({
      state: "unresponsive",
      told: ["down: does not answer"],
    });
    expect(observed("CONNECTED", "SILENT", "UNRESPONSIVE", "ANSWERED")).toEqual({
      state: "ready",
      told: ["down: does not answer", "up"],
    });
    expect(observed("CONNECTED", "UNRESPONSIVE", "DISCONNECTED")).toEqual({
      state: "down",
      told: ["down: does not answer"],
    });
  });

  it("quarantines a node that lost its memory, until it votes again", () => {
    const forgot = { type: "FORGOT", until: 7, cause: "restarted" } as const;
    expect(observed("CONNECTED", forgot)).toEqual({
      state: "quarantined",
      told: ["quarantined until 7: restarted"],
    });
    expect(observed("CONNECTED", forgot, "REMEMBERED")).toEqual({
      state: "ready",
      told: ["quarantined until 7: restarted", "up"],
    });
    const silent = ["SILENT", "SILENT", "UNRESPONSIVE"] as const;
    expect(observed("CONNECTED", forgot, ...silent).state).toBe("unresponsive");
    expect(observed("CONNECTED", forgot, ...silent, "ANSWERED")).toEqual({
      state: "quarantined",
      told: ["quarantined until 7: restarted", "down: does not answer", "quarantined until 7: restarted"],
    });
    expect(observed("CONNECTED", forgot, ...silent, "REMEMBERED", "ANSWERED").state).toBe("ready");
    expect(observed("CONNECTED", forgot, "SILENT", "SILENT", "ANSWERED", "SILENT").state).toBe("quarantined");
    expect(observed("CONNECTED", forgot, "DISCONNECTED", "CONNECTED").state).toBe("ready");
    expect(observed("CONNECTED", { ...forgot, until: null }, forgot).told).toEqual([
      "quarantined until null: restarted",
      "quarantined until 7: restarted",
    ]);
  });

  it("reports a node that never connected as down", () => {
    expect(observed("DISCONNECTED").told).toEqual(["down: the connection was lost"]);
  });
});
