import { slotOf } from "./hash-slot.js";
import { semaphoreKey } from "./permit-keys.js";

/** The key of a server's marker: see `readMarker`. Each server has one; a Cluster has none. */
export const markerKey = "holdfast:memory";
/** The key of the record of who ended an abstention of the server. Each server has one; a Cluster has none. */
export const admittedKey = "holdfast:admitted";
/** The key of the record of leases that are longer than `longestShort`. Each server has one; a Cluster has none. */
export const longLeasesKey = "holdfast:memory:long";
/** The key of the record of the sets of nodes that use a server. A Cluster has none. */
export const setsKey = "holdfast:sets";
/** The key that selects one server of a Cluster. */
export const probeKey = "holdfast:identity";

/**
 * The keys for fences and queues. They are separate from the key of the lock. All permits of a semaphore have the same side
 * keys.
 */
export interface SideKeys {
  /** The highest fence of this resource. */
  record(key: string): string;
  /**
   * The highest fence of all resources, which applies if the record of a resource has expired. Each node has one; a
   * Cluster has one per hash slot.
   */
  watermark(key: string): string;
  /** The queue of the waiters of this resource. The key exists only while there are waiters. */
  queue(key: string): string;
  /** The number of permits of the semaphore that this permit belongs to. */
  number(key: string): string;
  /** The readers of this resource. The key exists only while the resource is shared, or a little longer. */
  readers(key: string): string;
}

/** The key of the highest fence of a server. A Cluster has one for each hash slot. */
export const watermarkKey = "holdfast:watermark";

const single: SideKeys = {
  record: (key) => `holdfast:fence:${semaphoreKey(key)}`,
  watermark: () => watermarkKey,
  queue: (key) => `holdfast:queue:${semaphoreKey(key)}`,
  number: (key) => `holdfast:permits:${semaphoreKey(key)}`,
  readers: (key) => `holdfast:readers:${key}`,
};

/** A short string for each hash slot that hashes to the slot, found by counting up; at most 16,384 entries. */
const tags = new Map<number, string>();
let counted = 0;

function tagOf(slot: number): string {
  while (!tags.has(slot)) {
    const candidate = (counted++).toString(36);
    const found = slotOf(candidate);
    if (!tags.has(found)) tags.set(found, candidate);
  }
  return tags.get(slot) ?? "";
}

/**
 * Returns the side keys of a node. In a Cluster the side keys must be in the slot of the lock's key, whatever that key
 * looks like, so they contain a hash tag for that slot.
 */
export function sideKeysOf(sharded: boolean, prefix: () => string = () => ""): SideKeys {
  if (!sharded) return single;
  const tag = (key: string) => tagOf(slotOf(prefix() + key));
  return {
    record: (key) => `holdfast:fence:{${tag(key)}}:${semaphoreKey(key)}`,
    watermark: (key) => `holdfast:watermark:{${tag(key)}}`,
    queue: (key) => `holdfast:queue:{${tag(key)}}:${semaphoreKey(key)}`,
    number: (key) => `holdfast:permits:{${tag(key)}}:${semaphoreKey(key)}`,
    readers: (key) => `holdfast:readers:{${tag(key)}}:${key}`,
  };
}
