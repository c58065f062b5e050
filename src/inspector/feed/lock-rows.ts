import { createHash } from "node:crypto";
import type { ObservedLock } from "../../lock/observed-lock.js";
import { clip } from "../../support/redaction.js";
import type { LockView } from "./frames.js";
import type { Identity } from "./lock-view.js";

/** What is told of one lock after another of the same resources. */
export interface LockRow {
  readonly identity: Identity;
  /** What locks of the same resources have in common. */
  readonly key: string;
  /** Null while no lock of it is in use: the user's own handle must not be kept for the sake of looking on. */
  lock: ObservedLock | null;
  view: LockView | null;
  /** By the monotonic clock; of a row that is not in use. */
  idleSince: number;
  /** When it was told last, by the monotonic clock; and how often all rows had been told anew by then. */
  told: number;
  turn: number;
  /** It had to make room; no lock has it any more. */
  dead: boolean;
}

/** Rows; beyond that the one that has been idle longest goes, and while none is, further locks have none. */
const mostRows = 20_000;
/** Names shown of one lock, and characters of each. */
const mostResources = 10;
const longestResource = 300;

/**
 * The rows of one manager's locks. A lock keeps its row; one that is new takes over a row of the same resources that is
 * idle, so that a loop of `using` is one row, and not thousands.
 */
export class LockRows {
  /** Those whose lock is in use; the one that was told of longest ago is first. */
  readonly inUse = new Set<LockRow>();
  /** The one that has been idle longest is first. */
  readonly idle = new Set<LockRow>();
  /** The ids of rows that had to make room, to be told. */
  displaced: string[] = [];
  private readonly byLock = new WeakMap<ObservedLock, LockRow>();
  private readonly spare = new Map<string, Set<LockRow>>();
  private serial = 0;

  constructor(
    private readonly source: string,
    private readonly most = mostRows,
  ) {}

  /** The row of a lock that is in use, first of all or still; null if there are too many. */
  use(lock: ObservedLock): LockRow | null {
    const own = this.byLock.get(lock);
    if (own?.lock === lock) return this.hand(own, lock);
    const row = own?.lock === null && !own.dead ? own : this.spareOf(lock.resources);
    if (row === null || !(this.inUse.has(row) || this.idle.has(row))) {
      if (!this.makeRoom()) return null;
    }
    const found = row ?? this.make(lock.resources);
    if (found !== own) this.byLock.set(lock, found);
    return this.hand(found, lock);
  }

  has(lock: ObservedLock): boolean {
    return this.byLock.get(lock)?.lock === lock;
  }

  /** Its lock is not in use any more. `now`: by the monotonic clock. */
  rest(row: LockRow, now: number): void {
    row.lock = null;
    row.idleSince = now;
    this.inUse.delete(row);
    this.idle.delete(row);
    this.idle.add(row);
    const spare = this.spare.get(row.key) ?? new Set();
    this.spare.set(row.key, spare.add(row));
  }

  /** Forgets the rows that have been idle since before; returns their ids. */
  forget(before: number): string[] {
    const gone: string[] = [];
    for (const row of this.idle) {
      if (row.idleSince > before) break;
      this.drop(row);
      gone.push(row.identity.id);
    }
    return gone;
  }

  /** All of them; a lock that is seen again has the row that it had. */
  clear(): void {
    for (const row of this.inUse) row.lock = null;
    for (const kept of [this.inUse, this.idle, this.spare]) kept.clear();
    this.displaced = [];
  }

  private hand(row: LockRow, lock: ObservedLock): LockRow {
    if (row.lock === null) this.take(row);
    row.lock = lock;
    // To the end.
    this.inUse.delete(row);
    this.inUse.add(row);
    return row;
  }

  /** One that no lock uses. */
  private spareOf(resources: readonly string[]): LockRow | null {
    const [spare] = this.spare.get(keyOf(resources)) ?? [];
    return spare ?? null;
  }

  private make(resources: readonly string[]): LockRow {
    this.serial += 1;
    const shown = resources.slice(0, mostResources).map((resource) => clip(resource, longestResource));
    const more = resources.length - shown.length;
    const identity = {
      id: `${this.source}/${this.serial}`,
      source: this.source,
      resources: shown,
      ...(more > 0 ? { more } : {}),
    };
    const key = keyOf(resources);
    return { identity, key, lock: null, view: null, idleSince: 0, told: 0, turn: 0, dead: false };
  }

  private makeRoom(): boolean {
    if (this.inUse.size + this.idle.size < this.most) return true;
    const [oldest] = this.idle;
    if (oldest === undefined) return false;
    oldest.dead = true;
    this.drop(oldest);
    this.displaced.push(oldest.identity.id);
    return true;
  }

  private drop(row: LockRow): void {
    this.take(row);
    row.view = null;
  }

  /** Out of those that are idle. */
  private take(row: LockRow): void {
    this.idle.delete(row);
    const spare = this.spare.get(row.key);
    spare?.delete(row);
    if (spare?.size === 0) this.spare.delete(row.key);
  }
}

/** Names may be long, and rows many: what is long is not kept. */
function keyOf(resources: readonly string[]): string {
  const [only = ""] = resources;
  if (resources.length === 1 && only.length <= longestResource) return `=${only}`;
  return createHash("sha256").update(JSON.stringify(resources)).digest("base64");
}
