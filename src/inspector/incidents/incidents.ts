import type { Detector, SourceView } from "../feed/frame-aggregate.js";
import type { Frame, LockView, Step } from "../feed/frames.js";
import { type IncidentBounds, IncidentLog } from "./incident-log.js";
import { LockIncidents } from "./lock-incidents.js";
import { NodeIncidents } from "./node-incidents.js";
import { OverlapIncidents } from "./overlap-incidents.js";
import { ProcessIncidents } from "./process-incidents.js";

/** What the detectors read of an aggregate. */
export interface Known {
  readonly sources: ReadonlyMap<string, SourceView>;
  readonly locks: ReadonlyMap<string, LockView>;
}

/** Interval in ms, by the observer's clock, at which silent processes are looked for. */
const silenceInterval = 1_000;

/**
 * Derives incidents from the frames of an aggregate, so that a live page, a command and a replay have the same ones. Times
 * are those of the frames, set right by the observer's clock, which also decides when a process counts as silent.
 */
export class Incidents implements Detector {
  readonly log: IncidentLog;
  private readonly locks: LockIncidents;
  private readonly nodes: NodeIncidents;
  private readonly processes: ProcessIncidents;
  private readonly overlaps: OverlapIncidents;
  private checkedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly known: Known,
    bounds: IncidentBounds = {},
    from?: Incidents,
  ) {
    const log = from?.log.copy() ?? new IncidentLog(bounds);
    const report = log.add.bind(log);
    this.log = log;
    this.locks = from?.locks.copy(report) ?? new LockIncidents(report);
    this.nodes = from?.nodes.copy(report) ?? new NodeIncidents(report);
    this.processes = from?.processes.copy(report) ?? new ProcessIncidents(report);
    this.overlaps = from?.overlaps.copy(known, report) ?? new OverlapIncidents(known, report);
    this.checkedAt = from?.checkedAt ?? this.checkedAt;
  }

  /** The same state for another aggregate with the same content. */
  copy(known: Known): Incidents {
    return new Incidents(known, {}, this);
  }

  frame(frame: Frame): void {
    if (frame.kind === "beat") {
      const lag = this.known.sources.get(frame.source)?.lag ?? 0;
      this.nodes.beat(frame, lag);
      this.processes.beat(frame, lag);
    }
    this.overlaps.frame(frame);
    if (frame.kind === "bye") this.sourceEnded(frame.source);
  }

  lockChanged(before: LockView | undefined, lock: LockView, step: Step | null): void {
    const source = this.known.sources.get(lock.source);
    if (source !== undefined) this.locks.changed(before, lock, step, source);
    this.overlaps.changed(before, lock);
  }

  lockDropped(lock: LockView): void {
    this.locks.dropped(lock.id);
    this.overlaps.dropped(lock);
  }

  sourceEnded(source: string): void {
    this.nodes.ended(source);
    this.processes.ended(source);
    this.overlaps.ended(source);
  }

  /** Looks for silent processes, at most once a second. `now`: epoch ms by the observer's clock. */
  checkSilence(now: number): void {
    // A clock that was set back must not end the checks.
    if (Math.abs(now - this.checkedAt) < silenceInterval) return;
    this.checkedAt = now;
    this.processes.silence(this.known.sources, now);
  }
}
