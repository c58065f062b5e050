import type { Manager } from "../../manager/manager.js";
import { clip } from "../../support/redaction.js";
import type { NodeView } from "./frames.js";
import { Latency } from "./latency.js";

/** Maximum number of nodes shown. */
const maxNodes = 100;
/** Maximum lengths in characters. */
const maxNameLength = 200;
const maxCauseLength = 300;

/** The nodes of one manager: their states, their latencies and their latest steps. */
export class NodeTracker {
  private readonly latencies = new Map<number, Latency>();
  private readonly steps = new Map<number, NonNullable<NodeView["step"]>>();

  constructor(private readonly manager: Manager) {}

  stepped(node: number, step: NonNullable<NodeView["step"]>): void {
    this.steps.set(node, step);
  }

  /** `ms`: time from a request to its answer. */
  answered(node: number, ms: number): void {
    let latency = this.latencies.get(node);
    if (latency === undefined) {
      latency = new Latency(this.manager.context.clock);
      this.latencies.set(node, latency);
    }
    latency.add(ms);
  }

  views(): NodeView[] {
    return this.manager.nodes.slice(0, maxNodes).map(({ name, state, cause, until }, node) => ({
      name: clip(name, maxNameLength),
      state,
      cause: cause === null ? null : clip(cause, maxCauseLength),
      until,
      ...(this.latencies.get(node)?.read() ?? { p50: null, p99: null }),
      step: this.steps.get(node) ?? null,
    }));
  }
}
