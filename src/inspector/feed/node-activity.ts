import type { Beat, NodeView, Step, VoteView } from "./frames.js";

type NodeStep = NonNullable<NodeView["step"]>;

/** What the frames of one process have told of a node over time. */
export interface NodeActivity {
  /** Requests that the node was sent in rounds whose votes are known, the answered and the refused ones of them. */
  readonly asked: number;
  readonly answered: number;
  readonly refused: number;
  /** Latencies in ms as the latest beats report them, the oldest first. */
  readonly latencies: readonly { readonly p50: number | null; readonly p99: number | null }[];
  /** The latest steps of its chart, the oldest first. */
  readonly steps: readonly NodeStep[];
}

/** Maximum number of beats whose latencies are kept, and of steps. */
const maxLatencies = 60;
const maxSteps = 20;
/** Maximum number of nodes of all processes together. */
const maxNodes = 2_000;

type Mutable = { -readonly [Key in keyof NodeActivity]: NodeActivity[Key] };

const noActivity: NodeActivity = { asked: 0, answered: 0, refused: 0, latencies: [], steps: [] };

/** Collects what the frames tell of nodes over time. */
export class NodeActivities {
  private readonly nodes = new Map<string, Mutable>();

  of(source: string, node: string): NodeActivity {
    return this.nodes.get(keyOf(source, node)) ?? noActivity;
  }

  addBeat({ source, nodes }: Beat): void {
    for (const { name, p50, p99, step, steps = [] } of nodes) {
      const node = this.use(source, name);
      if (node === null) continue;
      node.latencies = [...node.latencies.slice(1 - maxLatencies), { p50, p99 }];
      for (const one of step === null ? steps : [...steps, step]) {
        const last = node.steps.at(-1);
        const isKnown = last !== undefined && (last.time > one.time || isSame(last, one));
        if (!isKnown) node.steps = [...node.steps.slice(1 - maxSteps), one];
      }
    }
  }

  addStep({ time, lock: { source, round } }: Step): void {
    // Later steps repeat the latest round.
    if (round === null || round.time !== time) return;
    for (const vote of round.votes) {
      if (vote.reason === "notAsked") continue;
      const node = this.use(source, vote.node);
      if (node === null) continue;
      node.asked += 1;
      if (vote.kind !== "failed") node.answered += 1;
      else if (isRefusal(vote)) node.refused += 1;
    }
  }

  removeSource(source: string): void {
    for (const key of this.nodes.keys()) if (key.startsWith(`${source}\n`)) this.nodes.delete(key);
  }

  copy(): NodeActivities {
    const copy = new NodeActivities();
    for (const [key, node] of this.nodes) copy.nodes.set(key, { ...node });
    return copy;
  }

  private use(source: string, name: string): Mutable | null {
    const key = keyOf(source, name);
    const known = this.nodes.get(key);
    if (known !== undefined) return known;
    if (this.nodes.size >= maxNodes) return null;
    const node = { ...noActivity };
    this.nodes.set(key, node);
    return node;
  }
}

const keyOf = (source: string, node: string): string => `${source}\n${node}`;

const isSame = (one: NodeStep, other: NodeStep): boolean =>
  one.time === other.time && one.event === other.event && one.to === other.to;

/** The node or its client said no, as opposed to saying nothing. */
const isRefusal = ({ reason }: VoteView): boolean => reason !== "timeout" && reason !== "connection";
