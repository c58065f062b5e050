import type { SourceView } from "../feed/frame-aggregate.js";
import type { LockView, RoundView, Step } from "../feed/frames.js";
import { observedTime } from "../feed/lag.js";
import { isLeaseState } from "../feed/lease-kind.js";
import type { Incident } from "./incident.js";
import { lostSentence, quorumLostSentence, type Told } from "./lock-sentences.js";
import { NodeNames } from "./node-names.js";

type Source = Pick<SourceView, "beat" | "lag">;

/** Finds leases that are lost or at risk, by the changes of the locks' views. */
export class LockIncidents {
  /** The last round with a quorum of each lock that is held. */
  private lastGood = new Map<string, RoundView>();

  constructor(private readonly report: (incident: Incident) => void) {}

  /**
   * `before`: the previous view of the lock; undefined if there was none. `step`: the step that led to the view; null if
   * only the state was reported.
   */
  changed(before: LockView | undefined, lock: LockView, step: Step | null, source: Source): void {
    const isNew = before === undefined || before.acquisition !== lock.acquisition;
    if (isNew) this.lastGood.delete(lock.id);
    if (isLost(lock) && (step !== null || (!isNew && !isLost(before)))) {
      this.tell("lost", lostSentence, lock, step, source);
    } else if (isAtRisk(lock, step) && (isNew || !this.isKnownRisk(before, lock))) {
      this.tell("quorumLost", quorumLostSentence, lock, step, source);
    }
    this.noteRound(lock);
  }

  dropped(id: string): void {
    this.lastGood.delete(id);
  }

  copy(report: (incident: Incident) => void): LockIncidents {
    const copy = new LockIncidents(report);
    copy.lastGood = new Map(this.lastGood);
    return copy;
  }

  /** One incident for each time that the quorum is lost, however often the renewal is retried. */
  private isKnownRisk(before: LockView, lock: LockView): boolean {
    return before.renewals === lock.renewals && before.reason !== null && before.round?.asked === "renew";
  }

  private tell(
    kind: "lost" | "quorumLost",
    sentence: (told: Told) => string,
    lock: LockView,
    step: Step | null,
    { beat, lag }: Source,
  ): void {
    const time = step?.time ?? lock.since;
    const names = new NodeNames(beat.nodes.map(({ name }) => name));
    this.report({
      id: `${kind} ${lock.id} ${lock.acquisition ?? ""} ${lock.renewals}`,
      kind,
      time: observedTime(time, lag),
      source: lock.source,
      owner: beat.owner,
      lock: lock.id,
      resources: lock.resources,
      node: null,
      text: sentence({ lock, time, lag, owner: beat.owner, names }),
      round: lock.round,
      lastGood: this.lastGood.get(lock.id) ?? null,
    });
  }

  private noteRound({ id, state, reason, round }: LockView): void {
    if (isLeaseState(state) && reason === null && round !== null && round.asked !== "release") {
      this.lastGood.set(id, round);
    } else if (!isLeaseState(state)) this.lastGood.delete(id);
  }
}

const isLost = ({ state }: LockView): boolean => state === "expired";

/** Whether a renewal of the lease found no quorum. */
function isAtRisk({ state, round, reason }: LockView, step: Step | null): boolean {
  if (step !== null) return step.event === "NO_QUORUM" && isLeaseState(step.from);
  return state === "renewing.retrying" && round?.asked === "renew" && reason !== null;
}
