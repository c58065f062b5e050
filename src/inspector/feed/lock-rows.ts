import type { ObservedLock } from "../../lock/observed-lock.js";
import { hashOf } from "../../support/platform.js";
import { clip } from "../../support/redaction.js";
import type { LockView } from "./frames.js";
import type { Identity } from "./lock-view.js";

/** One row of the inspector: successive locks on the same resources share it. */
export interface LockRow {
  readonly identity: Identity;
  /** Equal for locks on the same resources. */
  readonly key: string;
  /** Null while no lock of the row is in use: the inspector must not keep the user's handle alive. */
  lock: ObservedLock | null;
  view: LockView | null;
  /** When the row became idle, by the monotonic clock. Meaningful only for an idle row. */
  idleSince: number;
  /** When the row was last sent, by the monotonic clock, and the round of resending in which it was. */
  sentAt: number;
  round: number;
  /** The row was evicted to make room and belongs to no lock. */
  evicted: boolean;
}

/**
 * Maximum number of rows. Beyond it the row that has been idle longest is evicted; while no row is idle, further
 * locks get none.
 */
const defaultMaxRows = 20_000;
/** Names shown per lock, and characters per name. */
const maxResources = 10;
const maxResourceLength = 300;

/**
 * The rows of one manager's locks. A lock keeps its row. A new lock takes over an idle row of the same resources, so
 * that a loop of `using` fills one row, not thousands.
 */
export class LockRows {
  /** Rows whose lock is in use, the row that was sent longest ago first. */
  readonly inUse = new Set<LockRow>();
  /** Idle rows, the row that has been idle longest first. */
  readonly idle = new Set<LockRow>();
  /** The ids of rows that were evicted and are yet to be reported. */
  evicted: string[] = [];
  private readonly byLock = new WeakMap<ObservedLock, LockRow>();
  private readonly spare = new Map<string, Set<LockRow>>();
  private serial = 0;

  constructor(
    private readonly source: string,
    private readonly maxRows = defaultMaxRows,
  ) {}

  /** The row of a lock that is in use. Returns null if there are too many rows. */
  use(lock: ObservedLock): LockRow | null {
    const own = this.byLock.get(lock);
    if (own?.lock === lock) return this.assign(own, lock);
    const row = own?.lock === null && !own.evicted ? own : this.spareOf(lock.resources);
    if (row === null || !(this.inUse.has(row) || this.idle.has(row))) {
      if (!this.makeRoom()) return null;
    }
    const found = row ?? this.create(lock.resources);
    if (found !== own) this.byLock.set(lock, found);
    return this.assign(found, lock);
  }

  has(lock: ObservedLock): boolean {
    return this.byLock.get(lock)?.lock === lock;
  }

  /** Marks a row as idle: its lock is no longer in use. `now`: by the monotonic clock. */
  markIdle(row: LockRow, now: number): void {
    row.lock = null;
    row.idleSince = now;
    this.inUse.delete(row);
    this.idle.delete(row);
    this.idle.add(row);
    const spare = this.spare.get(row.key) ?? new Set();
    this.spare.set(row.key, spare.add(row));
  }

  /** Removes the rows that became idle before `before` (monotonic clock). Returns their ids. */
  removeIdle(before: number): string[] {
    const gone: string[] = [];
    for (const row of this.idle) {
      if (row.idleSince > before) break;
      this.drop(row);
      gone.push(row.identity.id);
    }
    return gone;
  }

  /** Removes all rows. A lock that is used again gets its former row back. */
  clear(): void {
    for (const row of this.inUse) row.lock = null;
    for (const kept of [this.inUse, this.idle, this.spare]) kept.clear();
    this.evicted = [];
  }

  private assign(row: LockRow, lock: ObservedLock): LockRow {
    if (row.lock === null) this.takeFromIdle(row);
    row.lock = lock;
    // Moves the row to the end.
    this.inUse.delete(row);
    this.inUse.add(row);
    return row;
  }

  /** An idle row of these resources. */
  private spareOf(resources: readonly string[]): LockRow | null {
    const [spare] = this.spare.get(keyOf(resources)) ?? [];
    return spare ?? null;
  }

  private create(resources: readonly string[]): LockRow {
    this.serial += 1;
    const shown = resources.slice(0, maxResources).map((resource) => clip(resource, maxResourceLength));
    const more = resources.length - shown.length;
    const identity = {
      id: `${this.source}/${this.serial}`,
      source: this.source,
      resources: shown,
      ...(more > 0 ? { more } : {}),
    };
    const key = keyOf(resources);
    return { identity, key, lock: null, view: null, idleSince: 0, sentAt: 0, round: 0, evicted: false };
  }

  private makeRoom(): boolean {
    if (this.inUse.size + this.idle.size < this.maxRows) return true;
    const [oldest] = this.idle;
    if (oldest === undefined) return false;
    oldest.evicted = true;
    this.drop(oldest);
    this.evicted.push(oldest.identity.id);
    return true;
  }

  private drop(row: LockRow): void {
    this.takeFromIdle(row);
    row.view = null;
  }

  /** Removes the row from the idle rows. */
  private takeFromIdle(row: LockRow): void {
    this.idle.delete(row);
    const spare = this.spare.get(row.key);
    spare?.delete(row);
    if (spare?.size === 0) this.spare.delete(row.key);
  }
}

/** Long names are hashed, because there may be many rows. */
function keyOf(resources: readonly string[]): string {
  const [only = ""] = resources;
  if (resources.length === 1 && only.length <= maxResourceLength) return `=${only}`;
  return hashOf("sha256", JSON.stringify(resources), "base64url");
}
