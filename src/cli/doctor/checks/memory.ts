import type { NodeCheck } from "../facts.js";
import type { Finding } from "../finding.js";
import { error, ok, warning } from "../finding.js";
import type { Info } from "../info.js";
import { bytes } from "../words.js";

/** Share of the memory from which it counts as nearly full. */
const nearlyFull = 0.9;

/** How much room is left for locks. */
export const checkMemory: NodeCheck = ({ info }) => {
  if (!info.ok) return [];
  const used = info.value.number("used_memory");
  if (used === null) return [];
  const maxmemory = info.value.number("maxmemory") ?? 0;
  return [maxmemory > 0 ? bounded(used, maxmemory, info.value) : unbounded(used, info.value)];
};

function bounded(used: number, maxmemory: number, info: Info): Finding {
  // Buffers for replicas and the append-only file do not count towards maxmemory.
  const counted = Math.max(0, used - (info.number("mem_not_counted_for_evict") ?? 0));
  const share = counted / maxmemory;
  const value = { used: counted, maxmemory };
  const found = `${bytes(counted)} of a maxmemory of ${bytes(maxmemory)} are used, ${Math.round(share * 100)} %`;
  if (share < nearlyFull) return ok("memory", found, value);
  const evicts = (info.text("maxmemory_policy") ?? "noeviction") !== "noeviction";
  const advice = "make room, or raise maxmemory";
  if (evicts) {
    const means = "It evicts keys now, or soon: see the policy.";
    return warning({ code: "memory", found, value, means, advice });
  }
  const refuses = "Without room it refuses to grant locks (OOM): its votes fail.";
  if (share >= 1) return error({ code: "memory", found, value, means: refuses, advice });
  return warning({ code: "memory", found, value, means: refuses, advice });
}

function unbounded(used: number, info: Info): Finding {
  const resident = info.number("used_memory_rss") ?? used;
  const machine = info.number("total_system_memory") ?? 0;
  const value = { used, maxmemory: 0, resident, machine };
  if (machine === 0 || resident / machine < nearlyFull) {
    return ok("memory", `${bytes(used)} are used, without a maxmemory`, value);
  }
  return warning({
    code: "memory",
    found: `${bytes(resident)} of the machine's ${bytes(machine)} are used, without a maxmemory`,
    value,
    means: "A machine without memory ends the server, which then forgets what it had not written to disk.",
    advice: "make room, and set a maxmemory with maxmemory-policy noeviction",
  });
}
