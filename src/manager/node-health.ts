import type { LockNode } from "../engine/node/lock-node.js";
import type { Observation } from "../engine/node/quorum-member-options.js";
import type { ManagerContext } from "../lock/manager-context.js";
import { TableActor } from "../machines/compiled/table-actor.js";
import type { nodeMachine } from "../machines/node.js";
import type { NodeMachineEvent } from "../machines/node-events.js";
import { nodePorts } from "../machines/node-port.js";
import type { NodeState } from "../machines/node-state.js";
import { nodeTable } from "../machines/tables.js";
import { sharedContext } from "../support/async-context.js";
import type { Observers } from "./observers.js";

const eventTypes = {
  connected: "CONNECTED",
  disconnected: "DISCONNECTED",
  silent: "SILENT",
  unresponsive: "UNRESPONSIVE",
  answered: "ANSWERED",
  forgot: "FORGOT",
  remembers: "REMEMBERED",
} as const satisfies Record<Observation, NodeMachineEvent["type"]>;

/** The condition of a node. */
export interface NodeCondition {
  readonly state: NodeState;
  /** Why the node is not ready. Null if the node is ready or the cause is unknown. */
  readonly cause: string | null;
  /** Epoch ms at which a quarantined node votes again. Null if unknown, or if the node is not quarantined. */
  readonly until: number | null;
}

type NodeChart = TableActor<typeof nodeMachine>;

/**
 * The health of all nodes. Each node has a chart that receives the observations of the node's quorum member. Emits
 * `nodeUp`, `nodeDown` and `nodeQuarantined`.
 */
export class Health {
  private readonly charts: readonly NodeChart[];
  private readonly causes: (string | null)[];
  private stopped = false;

  constructor(
    nodes: readonly LockNode[],
    private readonly context: Pick<ManagerContext, "events" | "clock" | "inspect"> & {
      readonly observers: Observers;
    },
  ) {
    this.causes = nodes.map(() => null);
    this.charts = nodes.map((node) => start(node, context));
  }

  /** Records an observation of a node. `until` is a time of the monotonic clock, in ms. */
  observe(node: number, observation: Observation, cause?: string, until?: number | null): void {
    // A hung node may still answer after the manager has closed.
    if (this.stopped) return;
    const type = eventTypes[observation];
    const event = { type, ...(cause === undefined ? {} : { cause }), ...this.end(until) };
    // The member passes the fields that belong to the type, which TypeScript cannot infer.
    sharedContext.runInAsyncScope(this.apply, this, node, event as NodeMachineEvent);
  }

  stateOf(node: number): NodeState {
    return (this.charts[node]?.state ?? "connecting") as NodeState;
  }

  statusOf(node: number): NodeCondition {
    const state = this.stateOf(node);
    const abstention = this.charts[node]?.context.abstention;
    return {
      state,
      cause: state === "ready" ? null : (this.causes[node] ?? null),
      until: state === "quarantined" ? (abstention?.until ?? null) : null,
    };
  }

  stop(): void {
    this.stopped = true;
    for (const chart of this.charts) chart.stop();
  }

  private apply(node: number, event: NodeMachineEvent): void {
    const { observers } = this.context;
    const from = this.stateOf(node);
    if ("cause" in event && event.cause !== undefined) this.causes[node] = event.cause;
    this.charts[node]?.send(event);
    const to = this.stateOf(node);
    if (to === "ready") this.causes[node] = null;
    if (observers.any && from !== to) observers.nodeStepped(node, event, from, to);
  }

  private end(until: number | null | undefined): { until?: number | null } {
    if (until === undefined || until === null) return until === null ? { until } : {};
    const { clock } = this.context;
    return { until: Math.ceil(clock.wall() + until - clock.monotonic()) };
  }
}

function start(
  { name: node, connection }: LockNode,
  { events, clock, inspect }: Pick<ManagerContext, "events" | "clock" | "inspect">,
): NodeChart {
  const chart = new TableActor(nodeTable(), { node });
  nodePorts.bind(chart, {
    up: () => events.emit("nodeUp", { type: "nodeUp", node, time: clock.wall() }),
    down: (cause) => events.emit("nodeDown", { type: "nodeDown", node, time: clock.wall(), cause }),
    quarantined: (until, cause) =>
      events.emit("nodeQuarantined", {
        type: "nodeQuarantined",
        node,
        time: clock.wall(),
        until,
        ...(cause === undefined ? {} : { cause }),
      }),
  });
  if (inspect !== undefined) chart.toActor(inspect);
  if (connection === "ready") chart.send({ type: "CONNECTED" });
  return chart;
}
