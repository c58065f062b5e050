import { fenceRecordTtl } from "../../engine/protocol/script.js";
import { sideKeysOf } from "../../engine/protocol/side-keys.js";
import { type Answer, granted } from "../../engine/protocol/vote.js";
import type { MemoryEntries } from "./memory-entries.js";

const { record } = sideKeysOf(false);

/** The highest fences: what `fences.lua` keeps on a server. Time is passed in, ms. */
export class MemoryFences {
  /** The highest fence that was accepted, of all resources. */
  watermark = 0;

  constructor(private readonly entries: MemoryEntries) {}

  /** Raises the watermark to at least this value. */
  raise(watermark: number): void {
    this.watermark = Math.max(this.watermark, watermark);
  }

  /** Accepts the proposed fence if it is above the resource's record, or above the watermark if there is no record. */
  propose(keys: readonly string[], fence: number | undefined, now: number): Answer {
    if (fence === undefined) return granted;
    const seen = (key: string) => Number(this.entries.valueOf(record(key), now) ?? this.watermark);
    const write = (key: string, value: number) =>
      this.entries.set(record(key), String(value), fenceRecordTtl, now);
    const bound = Math.max(...keys.map(seen));
    if (fence <= bound) {
      // Stores the current bound for keys without a record. Only leases of these keys can raise a record, so the next
      // proposal is not compared with a watermark that other resources have raised meanwhile.
      for (const key of keys) write(key, seen(key));
      return { kind: "granted", fence: { accepted: false, highest: bound } };
    }
    for (const key of keys) write(key, fence);
    this.raise(fence);
    return { kind: "granted", fence: { accepted: true, highest: fence } };
  }
}
