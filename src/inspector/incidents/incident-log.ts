import { clip } from "../../support/redaction.js";
import type { RoundView } from "../feed/frames.js";
import { type Incident, maxTextLength } from "./incident.js";

export interface IncidentBounds {
  /** Maximum number of incidents; beyond it the oldest is dropped. Default 1,000. */
  readonly incidents?: number;
  /** Approximate maximum number of characters of all incidents. Default 4,000,000. */
  readonly incidentSize?: number;
}

const incidentOverhead = 300;
const voteOverhead = 100;

/** The latest incidents, oldest first. Each is kept once. */
export class IncidentLog {
  private incidents: Incident[] = [];
  private ids = new Set<string>();
  private size = 0;
  private readonly bounds: Required<IncidentBounds>;
  /** Number of incidents that were ever added. */
  added = 0;

  constructor({ incidents = 1_000, incidentSize = 4_000_000 }: IncidentBounds = {}) {
    this.bounds = { incidents, incidentSize };
  }

  get all(): readonly Incident[] {
    return this.incidents;
  }

  /** The last `count` incidents that were added, as far as they are kept. */
  latest(count: number): readonly Incident[] {
    return count <= 0 ? [] : this.incidents.slice(-count);
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  add(incident: Incident): void {
    if (this.ids.has(incident.id)) return;
    const kept = { ...incident, text: clip(incident.text, maxTextLength) };
    this.ids.add(kept.id);
    this.incidents.push(kept);
    this.size += sizeOf(kept);
    this.added += 1;
    const { incidents, incidentSize } = this.bounds;
    while (this.incidents.length > incidents || this.size > incidentSize) this.dropOldest();
  }

  copy(): IncidentLog {
    const copy = new IncidentLog(this.bounds);
    copy.incidents = [...this.incidents];
    copy.ids = new Set(this.ids);
    copy.size = this.size;
    copy.added = this.added;
    return copy;
  }

  private dropOldest(): void {
    const oldest = this.incidents.shift();
    if (oldest === undefined) return;
    this.ids.delete(oldest.id);
    this.size -= sizeOf(oldest);
  }
}

const sizeOf = ({ id, text, owner, resources, round, lastGood }: Incident): number =>
  incidentOverhead +
  id.length +
  text.length +
  owner.length +
  resources.reduce((size, name) => size + name.length, 0) +
  roundSize(round) +
  roundSize(lastGood);

function roundSize(round: RoundView | null): number {
  let size = 0;
  for (const { node, message, holder } of round?.votes ?? []) {
    size += voteOverhead + node.length + (message?.length ?? 0) + (holder?.owner?.length ?? 0);
  }
  return size;
}
