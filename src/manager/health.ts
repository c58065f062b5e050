import { createActor } from "xstate";
import type { Observation } from "../engine/seat.js";
import { type NodeActor, type NodeMachineEvent, nodeMachine, nodePorts } from "../machines/node.js";
import type { Surroundings } from "./ground.js";

const eventTypes = {
  connected: "CONNECTED",
  disconnected: "DISCONNECTED",
  silent: "SILENT",
  answered: "ANSWERED",
} as const satisfies Record<Observation, NodeMachineEvent["type"]>;

/** One chart a node, fed by what its seat notices; tells the user when it goes down and comes up. */
export class Health {
  private readonly actors = new Map<string, NodeActor>();
  private stopped = false;

  constructor(private readonly ground: Pick<Surroundings, "events" | "clock" | "inspect">) {}

  observe(node: string, observation: Observation, cause?: string): void {
    // What a hung node answers after all may come when nobody wants to know any more.
    if (this.stopped) return;
    const event = {
      type: eventTypes[observation],
      ...(cause === undefined ? {} : { cause }),
    } as NodeMachineEvent;
    (this.actors.get(node) ?? this.start(node)).send(event);
  }

  stop(): void {
    this.stopped = true;
    for (const actor of this.actors.values()) actor.stop();
  }

  private start(node: string): NodeActor {
    const { events, clock, inspect } = this.ground;
    const actor = createActor(nodeMachine, {
      input: { node },
      ...(inspect === undefined ? {} : { inspect }),
    });
    nodePorts.bind(actor, {
      up: () => events.emit("nodeUp", { node, time: clock.wall() }),
      down: (cause) =>
        events.emit("nodeDown", { node, time: clock.wall(), ...(cause === undefined ? {} : { cause }) }),
    });
    this.actors.set(node, actor);
    actor.start();
    return actor;
  }
}
