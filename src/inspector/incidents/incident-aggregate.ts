import { type AggregateBounds, FrameAggregate } from "../feed/frame-aggregate.js";
import type { IncidentBounds, IncidentLog } from "./incident-log.js";
import { Incidents } from "./incidents.js";

/** An aggregate that also derives the incidents that its frames tell of. */
export class IncidentAggregate extends FrameAggregate {
  protected override detector: Incidents;

  constructor(bounds: AggregateBounds & IncidentBounds = {}) {
    super(bounds);
    this.detector = new Incidents(this, bounds);
  }

  /** The latest incidents. */
  get incidents(): IncidentLog {
    return this.detector.log;
  }

  override copy(): IncidentAggregate {
    const copy = new IncidentAggregate(this.bounds);
    this.copyTo(copy);
    copy.detector = this.detector.copy(copy);
    return copy;
  }
}
