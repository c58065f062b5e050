import { formatDuration } from "../../support/duration.js";
import type { SourceView } from "../feed/frame-aggregate.js";
import type { Beat } from "../feed/frames.js";
import { observedTime } from "../feed/lag.js";
import { isSilent, silenceTimeout } from "../feed/silence.js";
import { aboutNoLock, type Incident, utcClock } from "./incident.js";
import { NodeNames } from "./node-names.js";

interface Process {
  /** The names of its nodes, sorted, and the same as one text. */
  readonly nodes: readonly string[];
  readonly key: string;
  readonly prefix: string;
  readonly owner: string;
}

/** Finds processes that fall silent, and processes that lock on different nodes. */
export class ProcessIncidents {
  private processes = new Map<string, Process>();
  /** When each silent process sent its last beat: one incident for each silence. */
  private silent = new Map<string, number>();

  constructor(private readonly report: (incident: Incident) => void) {}

  /**
   * Compares the nodes of a process with those of the others. `lag`: by how many ms the process's clock is behind the
   * observer's clock.
   */
  beat(beat: Beat, lag: number): void {
    const nodes = beat.nodes.map(({ name }) => name).sort();
    const key = nodes.join("\n");
    if (this.processes.get(beat.source)?.key === key) return;
    const { owner, prefix } = beat;
    const own: Process = { nodes, key, prefix, owner };
    const other = [...this.processes].find(
      ([source, one]) => source !== beat.source && differ(own, one),
    )?.[1];
    this.processes.set(beat.source, own);
    if (other === undefined) return;
    const time = observedTime(beat.time, lag);
    this.tell("membership", beat, time, mismatch(own, other, time));
  }

  /** `now`: epoch ms by the observer's clock. */
  silence(sources: ReadonlyMap<string, SourceView>, now: number): void {
    for (const source of sources.values()) {
      const { beat, receivedAt } = source;
      if (!isSilent(source, now) || this.silent.get(beat.source) === beat.time) continue;
      this.silent.set(beat.source, beat.time);
      const text =
        `${beat.owner} (process ${beat.pid}) silent since ${utcClock(receivedAt)}: nothing was heard of it for ` +
        `${formatDuration(silenceTimeout)}; it has been killed, hangs, or reaches no node`;
      this.tell("silent", beat, receivedAt, text);
    }
  }

  ended(source: string): void {
    this.processes.delete(source);
    this.silent.delete(source);
  }

  copy(report: (incident: Incident) => void): ProcessIncidents {
    const copy = new ProcessIncidents(report);
    copy.processes = new Map(this.processes);
    copy.silent = new Map(this.silent);
    return copy;
  }

  private tell(kind: "silent" | "membership", beat: Beat, time: number, text: string): void {
    const { source, owner } = beat;
    const id = `${kind} ${source} ${beat.time}`;
    this.report({ ...aboutNoLock, id, kind, time, source, owner, node: null, text });
  }
}

/** Different nodes, of which at least one is common: sets without a common node may be meant to be apart. */
function differ(one: Process, other: Process): boolean {
  if (one.prefix !== other.prefix || one.key === other.key) return false;
  const nodes = new Set(other.nodes);
  return one.nodes.some((node) => nodes.has(node));
}

function mismatch(one: Process, other: Process, time: number): string {
  const names = new NodeNames([...new Set([...one.nodes, ...other.nodes])]);
  const only = (of: Process, than: Process) => {
    const nodes = of.nodes.filter((node) => !than.nodes.includes(node));
    return nodes.length === 0 ? [] : [`only ${of.owner} uses ${names.list(nodes)}`];
  };
  const differences = [...only(one, other), ...only(other, one)].join(", ");
  return (
    `${one.owner} uses other nodes than ${other.owner} since ${utcClock(time)}: ${differences}; ` +
    "a lock is exclusive only among processes with the same nodes"
  );
}
