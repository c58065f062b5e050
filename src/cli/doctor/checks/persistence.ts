import type { NodeCheck, Reached } from "../facts.js";
import { type Finding, note, ok, warning } from "../finding.js";
import type { Info } from "../info.js";

/** What a server still knows after a restart, and what that means for the option `quarantine`. */
export const checkPersistence: NodeCheck = (facts, standards) => {
  if (!facts.info.ok) return [];
  const info = facts.info.value;
  const appended = info.number("aof_enabled");
  if (appended === null) return [];
  return [memoryAfterRestart(facts, appended === 1, standards.nodes), ...brokenSaves(info)];
};

const always =
  "with appendonly yes, appendfsync always and aof-load-truncated no it may vote at once (quarantine: false), at the cost of a disk write for each batch";

function memoryAfterRestart({ config }: Reached, appended: boolean, nodes: number): Finding {
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
      advice: 'keep quarantine: "auto"; or set aof-load-truncated no, and quarantine: false',
    });
  }
  const found = appended
    ? `writes reach the disk after their reply (appendonly yes, appendfsync ${fsync ?? "unknown: CONFIG is not allowed"})`
    : "writes are not logged to disk (appendonly no)";
  if (nodes === 1) {
    return warning({
      code,
      found,
      value,
      means: "A restart may free locks that are held: of a single node no other knows them.",
      advice: "use appendonly yes with appendfsync always, or three independent nodes, or a quarantine in ms",
    });
  }
  return note({
    code,
    found,
    value,
    means: "After a restart it may have forgotten locks, and does not vote for the longest ttl (quarantine).",
    advice: `keep quarantine: "auto"; ${always}`,
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
