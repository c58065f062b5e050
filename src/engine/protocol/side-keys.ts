import calculateSlot from "cluster-key-slot";

/** What a server remembers of itself: see `readMarker`. One a server; a Cluster has none. */
export const markerKey = "holdfast:memory";
/** Where a server records its leases that are longer than `longestShort`. One a server; a Cluster has none. */
export const longLeasesKey = "holdfast:memory:long";
/** Finds one server of a Cluster. */
export const probeKey = "holdfast:identity";

/** Where a node remembers fences and who waits: beside the lock's key, never in it. */
export interface SideKeys {
  /** The highest fence of this resource. */
  record(key: string): string;
  /** The highest fence of all: what counts where the record has expired. One a node; in a Cluster one a hash slot. */
  watermark(key: string): string;
  /** Who waits for this resource; there only while somebody does. */
  queue(key: string): string;
}

const single: SideKeys = {
  record: (key) => `holdfast:fence:${key}`,
  watermark: () => "holdfast:watermark",
  queue: (key) => `holdfast:queue:${key}`,
};

/** For each hash slot a short string that hashes to it, found by counting up; at most 16,384 of them. */
const tags = new Map<number, string>();
let counted = 0;

function tagOf(slot: number): string {
  while (!tags.has(slot)) {
    const candidate = (counted++).toString(36);
    const found = calculateSlot(candidate);
    if (!tags.has(found)) tags.set(found, candidate);
  }
  return tags.get(slot) ?? "";
}

/** In a Cluster the side keys must share the lock key's slot, whatever that key looks like: so they carry a tag of it. */
export function sideKeysOf(sharded: boolean, prefix: () => string = () => ""): SideKeys {
  if (!sharded) return single;
  const tag = (key: string) => tagOf(calculateSlot(prefix() + key));
  return {
    record: (key) => `holdfast:fence:{${tag(key)}}:${key}`,
    watermark: (key) => `holdfast:watermark:{${tag(key)}}`,
    queue: (key) => `holdfast:queue:{${tag(key)}}:${key}`,
  };
}
