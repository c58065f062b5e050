import type { NodeCheck } from "../facts.js";
import { error, note, ok } from "../finding.js";
import { bytes } from "../words.js";

/** Whether a server that runs out of memory may drop locks. */
export const checkEviction: NodeCheck = ({ info }) => {
  if (!info.ok) return [];
  const policy = info.value.text("maxmemory_policy");
  const maxmemory = info.value.number("maxmemory");
  if (policy === null) return [];
  const value = { policy, maxmemory };
  if (policy === "noeviction") return [ok("eviction", "maxmemory-policy is noeviction", value)];
  const advice =
    "CONFIG SET maxmemory-policy noeviction, there and in its configuration file; keep caches elsewhere";
  if (maxmemory === null || maxmemory === 0) {
    return [
      note({
        code: "eviction",
        found: `maxmemory-policy is ${policy}, without a maxmemory`,
        value,
        means: "Nothing is evicted as long as no maxmemory is set; then locks may be.",
        advice,
      }),
    ];
  }
  // Every lock has an expiry, so policies for volatile keys evict locks as well.
  return [
    error({
      code: "eviction",
      found: `maxmemory-policy is ${policy}, with a maxmemory of ${bytes(maxmemory)}`,
      value,
      means: policy.startsWith("volatile-")
        ? "When memory is short it drops keys that expire, as all locks do, and their holders are not notified: two may " +
          "hold one lock."
        : "When memory is short it drops keys, locks among them, and their holders are not notified: two may hold one lock.",
      advice,
    }),
  ];
};
