import { formatDuration } from "../../support/duration.js";
import { clip } from "../../support/redaction.js";
import { votesAgain } from "../../support/votes-again.js";
import type { Beat, NodeView } from "../feed/frames.js";
import { aboutNoLock, type Incident, utcClock } from "./incident.js";
import { NodeNames } from "./node-names.js";

/** Maximum number of nodes that are followed. */
const maxNodes = 200;
const maxCauseLength = 200;

type Trouble = "nodeDown" | "quarantined";

/** A node that at least one process cannot use. */
interface Troubled {
  /** Epoch ms. */
  readonly since: number;
  readonly sources: ReadonlySet<string>;
  /** Both kinds can follow each other. */
  readonly kinds: ReadonlySet<Trouble>;
}

/**
 * Finds nodes that are down, quarantined or back. A node counts as down from the first process that reports it until
 * the last one that did has it back.
 */
export class NodeIncidents {
  private nodes = new Map<string, Troubled>();

  constructor(private readonly report: (incident: Incident) => void) {}

  beat(beat: Beat): void {
    const names = new NodeNames(beat.nodes.map(({ name }) => name));
    for (const node of beat.nodes) {
      const trouble = troubleOf(node);
      if (trouble !== null) this.worse(node, trouble, beat, names);
      else if (node.state === "ready") this.better(node, beat, names);
    }
  }

  /** What an ended process reported no longer counts. */
  ended(source: string): void {
    for (const [name, node] of this.nodes) {
      if (!node.sources.has(source)) continue;
      const sources = without(node.sources, source);
      if (sources.size === 0) this.nodes.delete(name);
      else this.nodes.set(name, { ...node, sources });
    }
  }

  copy(report: (incident: Incident) => void): NodeIncidents {
    const copy = new NodeIncidents(report);
    copy.nodes = new Map(this.nodes);
    return copy;
  }

  private worse(node: NodeView, kind: Trouble, beat: Beat, names: NodeNames): void {
    const known = this.nodes.get(node.name);
    if (known === undefined && this.nodes.size >= maxNodes) return;
    if (known?.sources.has(beat.source) && known.kinds.has(kind)) return;
    const time = changedAt(node, beat);
    const sources = new Set([...(known?.sources ?? []), beat.source]);
    const kinds = new Set([...(known?.kinds ?? []), kind]);
    this.nodes.set(node.name, { since: known?.since ?? time, sources, kinds });
    if (known?.kinds.has(kind)) return;
    this.tell(
      kind,
      node,
      beat,
      time,
      kind === "nodeDown" ? down(node, beat, time, names) : away(node, beat, time, names),
    );
  }

  private better(node: NodeView, beat: Beat, names: NodeNames): void {
    const known = this.nodes.get(node.name);
    if (known === undefined || !known.sources.has(beat.source)) return;
    const sources = without(known.sources, beat.source);
    if (sources.size > 0) return void this.nodes.set(node.name, { ...known, sources });
    this.nodes.delete(node.name);
    const time = changedAt(node, beat);
    const after = formatDuration(Math.max(0, time - known.since));
    this.tell(
      "nodeBack",
      node,
      beat,
      time,
      `${names.of(node.name)} back at ${utcClock(time)} after ${after}, says ${beat.owner}`,
    );
  }

  private tell(kind: Trouble | "nodeBack", node: NodeView, beat: Beat, time: number, text: string): void {
    const { source, owner } = beat;
    const id = `${kind} ${node.name} ${time}`;
    this.report({ ...aboutNoLock, id, kind, time, source, owner, node: node.name, text });
  }
}

function troubleOf({ state }: NodeView): Trouble | null {
  if (state === "down" || state === "unresponsive") return "nodeDown";
  return state === "quarantined" ? "quarantined" : null;
}

/** When the node entered its state, as far as the process tells. */
const changedAt = ({ step, state }: NodeView, { time }: Beat): number =>
  step?.to === state ? step.time : time;

const causeOf = ({ cause }: NodeView): string => (cause === null ? "" : `: ${clip(cause, maxCauseLength)}`);

const down = (node: NodeView, { owner }: Beat, time: number, names: NodeNames): string =>
  `${names.of(node.name)} ${node.state} since ${utcClock(time)}, says ${owner}${causeOf(node)}`;

function away(node: NodeView, { owner }: Beat, time: number, names: NodeNames): string {
  const until = node.until === null ? "" : `; ${votesAgain(node.until - time)}`;
  return `${names.of(node.name)} quarantined since ${utcClock(time)}, says ${owner}${causeOf(node)}${until}`;
}

function without(sources: ReadonlySet<string>, source: string): ReadonlySet<string> {
  const rest = new Set(sources);
  rest.delete(source);
  return rest;
}
