import { formatDuration } from "../../support/duration.js";
import { clip } from "../../support/redaction.js";
import { votesAgain } from "../../support/votes-again.js";
import type { Beat, NodeView } from "../feed/frames.js";
import { observedTime } from "../feed/lag.js";
import { aboutNoLock, type Incident, utcClock } from "./incident.js";
import { NodeNames } from "./node-names.js";

/** Maximum number of nodes that are followed. */
const maxNodes = 200;
const maxCauseLength = 200;

type Trouble = "nodeDown" | "quarantined";

/** Who tells of a node. */
interface Witness {
  readonly beat: Beat;
  readonly lag: number;
  readonly names: NodeNames;
}

/** A node that at least one process cannot use. */
interface Troubled {
  /** Epoch ms by the observer's clock. */
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

  /** `lag`: by how many ms the process's clock is behind the observer's clock. */
  beat(beat: Beat, lag: number): void {
    const names = new NodeNames(beat.nodes.map(({ name }) => name));
    for (const node of beat.nodes) {
      const trouble = troubleOf(node);
      if (trouble !== null) this.worse(node, trouble, { beat, lag, names });
      else if (node.state === "ready") this.better(node, { beat, lag, names });
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

  private worse(node: NodeView, kind: Trouble, witness: Witness): void {
    const { beat } = witness;
    const known = this.nodes.get(node.name);
    if (known === undefined && this.nodes.size >= maxNodes) return;
    if (known?.sources.has(beat.source) && known.kinds.has(kind)) return;
    const time = changedAt(node, witness);
    const sources = new Set([...(known?.sources ?? []), beat.source]);
    const kinds = new Set([...(known?.kinds ?? []), kind]);
    this.nodes.set(node.name, { since: known?.since ?? time, sources, kinds });
    if (known?.kinds.has(kind)) return;
    this.tell(kind, node, witness, kind === "nodeDown" ? down(node, witness) : away(node, witness));
  }

  private better(node: NodeView, witness: Witness): void {
    const { beat, names } = witness;
    const known = this.nodes.get(node.name);
    if (known === undefined || !known.sources.has(beat.source)) return;
    const sources = without(known.sources, beat.source);
    if (sources.size > 0) return void this.nodes.set(node.name, { ...known, sources });
    this.nodes.delete(node.name);
    const time = changedAt(node, witness);
    const after = formatDuration(Math.max(0, time - known.since));
    this.tell(
      "nodeBack",
      node,
      witness,
      `${names.of(node.name)} back at ${utcClock(time)} after ${after}, says ${beat.owner}`,
    );
  }

  private tell(kind: Trouble | "nodeBack", node: NodeView, witness: Witness, text: string): void {
    const { source, owner } = witness.beat;
    const time = changedAt(node, witness);
    const id = `${kind} ${node.name} ${changedByOwnClock(node, witness)}`;
    this.report({ ...aboutNoLock, id, kind, time, source, owner, node: node.name, text });
  }
}

function troubleOf({ state }: NodeView): Trouble | null {
  if (state === "down" || state === "unresponsive") return "nodeDown";
  return state === "quarantined" ? "quarantined" : null;
}

/** When the node entered its state, as far as the process tells: epoch ms by the process's clock. */
const changedByOwnClock = ({ step, state }: NodeView, { beat }: Witness): number =>
  step?.to === state ? step.time : beat.time;

/** The same by the observer's clock. */
const changedAt = (node: NodeView, witness: Witness): number =>
  observedTime(changedByOwnClock(node, witness), witness.lag);

const causeOf = ({ cause }: NodeView): string => (cause === null ? "" : `: ${clip(cause, maxCauseLength)}`);

const down = (node: NodeView, witness: Witness): string =>
  `${witness.names.of(node.name)} ${node.state} since ${utcClock(changedAt(node, witness))}, says ${witness.beat.owner}${causeOf(node)}`;

function away(node: NodeView, witness: Witness): string {
  const time = changedAt(node, witness);
  const until = node.until === null ? "" : `; ${votesAgain(node.until - changedByOwnClock(node, witness))}`;
  return `${witness.names.of(node.name)} quarantined since ${utcClock(time)}, says ${witness.beat.owner}${causeOf(node)}${until}`;
}

function without(sources: ReadonlySet<string>, source: string): ReadonlySet<string> {
  const rest = new Set(sources);
  rest.delete(source);
  return rest;
}
