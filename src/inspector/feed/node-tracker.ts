import type { Manager } from "../../manager/manager.js";
import { clip } from "../../support/redaction.js";
import type { NodeView } from "./frames.js";
import { Latency } from "./latency.js";

/** More nodes than that are not shown. */
const mostNodes = 100;
/** Characters. */
const longestName = 200;
const longestCause = 300;

/** The nodes of one manager: how they are, how fast, and how they came to be so. */
export class NodeWatch {
  private readonly latencies = new Map<number, Latency>();
  private readonly steps = new Map<number, NonNullable<NodeView["step"]>>();

  constructor(private readonly manager: Manager) {}

  stepped(node: number, step: NonNullable<NodeView["step"]>): void {
    this.steps.set(node, step);
  }

  /** `ms`: from a request until its answer. */
  answered(node: number, ms: number): void {
    let latency = this.latencies.get(node);
    if (latency === undefined) {
      latency = new Latency(this.manager.context.clock);
      this.latencies.set(node, latency);
    }
    latency.add(ms);
  }

  views(): NodeView[] {
    return this.manager.nodes.slice(0, mostNodes).map(({ name, state, cause, until }, node) => ({
      name: clip(name, longestName),
      state,
      cause: cause === null ? null : clip(cause, longestCause),
      until,
      ...(this.latencies.get(node)?.read() ?? { p50: null, p99: null }),
      step: this.steps.get(node) ?? null,
    }));
  }
}
