import { clip } from "../../support/redaction.js";
import type { SourceView } from "../feed/frame-aggregate.js";
import type { Frame, LockView } from "../feed/frames.js";
import { isLeaseState, isPermit, isShared } from "../feed/lease-kind.js";
import { type Incident, maxNameLength, utcClock } from "./incident.js";
import { grantedAt, outlasts } from "./overlap.js";

/** A resource that was granted while another lock, by its last report, still held it. */
interface Candidate {
  readonly resource: string;
  readonly first: LockView;
  readonly second: LockView;
}

/** Maximum number of candidates that wait for a report of the first holder. */
const maxCandidates = 1_000;
/** Maximum number of readers of one resource with which a writer is compared. */
const maxHolders = 4;

/** What the detector reads of the aggregate. */
interface Known {
  readonly sources: ReadonlyMap<string, SourceView>;
  readonly locks: ReadonlyMap<string, LockView>;
}

/** Finds resources that two locks held at the same time, although one of the leases is exclusive. */
export class OverlapIncidents {
  /** The ids of the locks that hold a resource, by prefix and name. */
  private holders = new Map<string, Set<string>>();
  /** By the source of the first holder. */
  private candidates = new Map<string, readonly Candidate[]>();
  private waiting = 0;

  constructor(
    private readonly known: Known,
    private readonly report: (incident: Incident) => void,
  ) {}

  changed(before: LockView | undefined, lock: LockView): void {
    const held = holds(lock);
    if (before !== undefined && holds(before) === held && before.acquisition === lock.acquisition) return;
    if (held) this.add(lock);
    else this.remove(lock);
  }

  dropped(lock: LockView): void {
    this.remove(lock);
  }

  /** Confirms or drops the candidates whose first holder has sent this frame. */
  frame({ source, kind }: Frame): void {
    const own = this.candidates.get(source);
    // A beat comes every second or two: other frames are too many to look at each time.
    if (own === undefined || kind !== "beat") return;
    const left = own.filter((candidate) => this.isOpen(candidate));
    this.waiting -= own.length - left.length;
    if (left.length === 0) this.candidates.delete(source);
    else this.candidates.set(source, left);
  }

  /** A process that ended confirms nothing any more. */
  ended(source: string): void {
    this.waiting -= this.candidates.get(source)?.length ?? 0;
    this.candidates.delete(source);
  }

  copy(known: Known, report: (incident: Incident) => void): OverlapIncidents {
    const copy = new OverlapIncidents(known, report);
    for (const [key, ids] of this.holders) copy.holders.set(key, new Set(ids));
    copy.candidates = new Map(this.candidates);
    copy.waiting = this.waiting;
    return copy;
  }

  /** Whether the candidate must wait for a later beat. */
  private isOpen(candidate: Candidate): boolean {
    const { first, second } = candidate;
    const { sources, locks } = this.known;
    const now = locks.get(first.id);
    if (now === undefined || !holds(now) || now.acquisition !== first.acquisition) return false;
    if (!outlasts(now, grantedAt(second, sources), sources)) return true;
    this.confirm(candidate);
    return false;
  }

  private add(lock: LockView): void {
    for (const resource of lock.resources) {
      const key = this.keyOf(lock, resource);
      const ids = this.holders.get(key) ?? new Set();
      this.holders.set(key, ids);
      for (const id of ids) if (id !== lock.id) this.suspect(resource, this.known.locks.get(id), lock);
      // A writer has a place beside as many readers as are compared.
      if (ids.size < (isShared(lock) ? maxHolders : 2 * maxHolders)) ids.add(lock.id);
    }
  }

  private remove(lock: LockView): void {
    for (const resource of lock.resources) {
      const key = this.keyOf(lock, resource);
      const ids = this.holders.get(key);
      ids?.delete(lock.id);
      if (ids?.size === 0) this.holders.delete(key);
    }
  }

  private keyOf({ source }: LockView, resource: string): string {
    return `${this.known.sources.get(source)?.beat.prefix ?? ""}\n${resource}`;
  }

  private suspect(resource: string, one: LockView | undefined, other: LockView): void {
    if (one === undefined || !holds(one) || this.waiting >= maxCandidates) return;
    if (isShared(one) && isShared(other)) return;
    const { sources } = this.known;
    const [first, second] =
      grantedAt(one, sources) <= grantedAt(other, sources) ? [one, other] : [other, one];
    const own = this.candidates.get(first.source) ?? [];
    this.candidates.set(first.source, [...own, { resource, first, second }]);
    this.waiting += 1;
  }

  private confirm({ resource, first, second }: Candidate): void {
    const ownerOf = ({ source }: LockView) => this.known.sources.get(source)?.beat.owner ?? "a process";
    const [one, two] = [ownerOf(first), ownerOf(second)];
    const { sources } = this.known;
    const at = grantedAt(second, sources);
    this.report({
      id: `overlap ${resource} ${first.id} ${first.acquisition} ${second.id} ${second.acquisition}`,
      kind: "overlap",
      time: at,
      source: second.source,
      owner: two,
      lock: second.id,
      resources: [resource],
      node: null,
      text:
        `${clip(resource, maxNameLength)} held twice since ${utcClock(at)}: granted to ${two} while ${one} held it ` +
        `(since ${utcClock(grantedAt(first, sources))}), by their own clocks and words`,
      round: second.round,
      lastGood: first.round,
    });
  }
}

/** Whether the lock has a lease that it has not begun to release, and that keeps others out. */
const holds = (lock: LockView): boolean =>
  !isPermit(lock) && lock.validUntil !== null && isLeaseState(lock.state);
