import { formatDuration } from "../../duration.js";
import type { NodeCheck, Reached, Standards } from "../facts.js";
import { type Finding, note, ok, type Plain, warning } from "../finding.js";
import type { Info } from "../info.js";

/** What a server still knows after a restart, and what that means for the option `quarantine`. */
export const checkPersistence: NodeCheck = (facts, standards) => {
  if (!facts.info.ok) return [];
  const info = facts.info.value;
  const appended = info.number("aof_enabled");
  if (appended === null) return [];
  return [memoryAfterRestart(facts, appended === 1, standards), ...brokenSaves(info)];
};

const always =
  "with appendonly yes, appendfsync always and aof-load-truncated no it may vote at once (quarantine: false), at the cost of a disk write for each batch";

function memoryAfterRestart({ config }: Reached, appended: boolean, standards: Standards): Finding {
  const { nodes, quarantine } = standards;
  const fsync = appended ? (config.get("appendfsync") ?? null) : null;
  const truncates = config.get("aof-load-truncated") !== "no";
  const value = { appendonly: appended, appendfsync: fsync };
  const code = "persistence";
  if (fsync === "always") {
    const found = "every write is on disk before its reply (appendfsync always)";
    if (!truncates) {
      const safe = `${found}: a restart forgets nothing, and quarantine: false is safe as long as that stays so`;
      return ok(code, safe, value);
    }
    return note({
      code,
      found: `${found}, but it starts also with a file that was cut short (aof-load-truncated is not known to be "no")`,
      value,
      means: "After damage to its file it would have forgotten locks without anybody noticing.",
      advice: `${nodes === 1 ? longest : 'keep quarantine: "auto"'}; or set aof-load-truncated no, and quarantine: false`,
    });
  }
  const found = appended
    ? `writes reach the disk after their reply (appendonly yes, appendfsync ${fsync ?? "unknown: CONFIG is not allowed"})`
    : "writes are not logged to disk (appendonly no)";
  if (quarantine === false) {
    return warning({
      code,
      found,
      value,
      means:
        "A restart may forget locks that are held, and quarantine: false lets the node grant them again at once.",
      advice: `${nodes === 1 ? longest : 'set quarantine: "auto"'}; or use appendonly yes, appendfsync always and aof-load-truncated no`,
    });
  }
  if (nodes === 1) return memoryOfSingle(found, value, standards);
  return note({
    code,
    found,
    value,
    means: "After a restart it may have forgotten locks, and does not vote for the longest ttl (quarantine).",
    advice: `keep quarantine: "auto"; ${always}`,
  });
}

const longest = "set quarantine (ms) to the longest ttl in use";

/** Of what a single node forgets no other node knows: only a quarantine in ms keeps it from granting that again. */
function memoryOfSingle(found: string, value: Plain, { quarantine, ttl }: Standards): Finding {
  const code = "persistence";
  const abstains = typeof quarantine === "number" ? quarantine : 0;
  const span = formatDuration(abstains);
  if (abstains >= ttl) {
    return ok(
      code,
      `${found}; after a restart it grants nothing for ${span} (quarantine), which covers leases of up to that ttl`,
      value,
    );
  }
  return warning({
    code,
    found,
    value,
    means:
      abstains === 0
        ? "After a restart it may grant locks that are still held: no other node knows them."
        : `After a restart it grants nothing for ${span} (quarantine), less than the ttl of ${formatDuration(ttl)}: then it may grant locks that are still held.`,
    advice: `${longest}; or use appendonly yes, appendfsync always and aof-load-truncated no, with quarantine: false`,
  });
}

function brokenSaves(info: Info): Finding[] {
  const failed = (
    ["rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"] as const
  ).filter((name) => info.text(name) === "err");
  if (failed.length === 0) return [];
  return [
    warning({
      code: "persistence-broken",
      found: `its last write to disk failed (${failed.join(", ")})`,
      value: failed,
      means: "It may refuse writes until it can save again (MISCONF), and then grants no locks.",
      advice: "look at the server's log, and at the room and the rights in its folder",
    }),
  ];
}
