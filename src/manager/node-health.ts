import { createActor } from "xstate";
import type { LockNode } from "../engine/node/lock-node.js";
import type { Observation } from "../engine/node/quorum-member-options.js";
import type { ManagerContext } from "../lock/manager-context.js";
import { type NodeActor, type NodeMachineEvent, nodeMachine, nodePorts } from "../machines/node.js";
import type { NodeState } from "../machines/node-state.js";

const eventTypes = {
  connected: "CONNECTED",
  disconnected: "DISCONNECTED",
  silent: "SILENT",
  unresponsive: "UNRESPONSIVE",
  answered: "ANSWERED",
  forgot: "FORGOT",
  remembers: "REMEMBERED",
} as const satisfies Record<Observation, NodeMachineEvent["type"]>;

/** How a node is. */
export interface NodeCondition {
  readonly state: NodeState;
  /** Why it is not well, as far as it is known. */
  readonly cause: string | null;
  /** Epoch ms at which it votes again, while it is quarantined; null if nobody can tell. */
  readonly until: number | null;
}

/** One chart a node, fed by what its seat notices; tells the user when it goes down and comes up. */
export class Health {
  private readonly actors: readonly NodeActor[];
  private readonly causes: (string | null)[];
  private stopped = false;

  constructor(
    nodes: readonly LockNode[],
    private readonly ground: Pick<ManagerContext, "events" | "observers" | "clock" | "inspect">,
  ) {
    this.causes = nodes.map(() => null);
    this.actors = nodes.map((node) => start(node, ground));
  }

  /** `until`: by the monotonic clock. */
  observe(node: number, observation: Observation, cause?: string, until?: number | null): void {
    // What a hung node answers after all may come when nobody wants to know any more.
    if (this.stopped) return;
    const type = eventTypes[observation];
    const event = { type, ...(cause === undefined ? {} : { cause }), ...this.end(until) };
    // The type and what belongs to it come together.
    this.take(node, event as NodeMachineEvent);
  }

  stateOf(node: number): NodeState {
    return this.actors[node]?.getSnapshot().value ?? "connecting";
  }

  statusOf(node: number): NodeCondition {
    const state = this.stateOf(node);
    const abstention = this.actors[node]?.getSnapshot().context.abstention;
    return {
      state,
      cause: state === "ready" ? null : (this.causes[node] ?? null),
      until: state === "quarantined" ? (abstention?.until ?? null) : null,
    };
  }

  stop(): void {
    this.stopped = true;
    for (const actor of this.actors) actor.stop();
  }

  private take(node: number, event: NodeMachineEvent): void {
    const { observers } = this.ground;
    const from = this.stateOf(node);
    if ("cause" in event && event.cause !== undefined) this.causes[node] = event.cause;
    this.actors[node]?.send(event);
    const to = this.stateOf(node);
    if (to === "ready") this.causes[node] = null;
    if (observers.any && from !== to) observers.nodeStepped(node, event, from, to);
  }

  private end(until: number | null | undefined): { until?: number | null } {
    if (until === undefined || until === null) return until === null ? { until } : {};
    const { clock } = this.ground;
    return { until: Math.ceil(clock.wall() + until - clock.monotonic()) };
  }
}

function start(
  { name: node, connection }: LockNode,
  { events, clock, inspect }: Pick<ManagerContext, "events" | "clock" | "inspect">,
): NodeActor {
  const actor = createActor(nodeMachine, { input: { node }, ...(inspect === undefined ? {} : { inspect }) });
  nodePorts.bind(actor, {
    up: () => events.emit("nodeUp", { node, time: clock.wall() }),
    down: (cause) => events.emit("nodeDown", { node, time: clock.wall(), cause }),
    quarantined: (until, cause) =>
      events.emit("nodeQuarantined", {
        node,
        time: clock.wall(),
        until,
        ...(cause === undefined ? {} : { cause }),
      }),
  });
  actor.start();
  if (connection === "ready") actor.send({ type: "CONNECTED" });
  return actor;
}
