import type { NodeCheck, Reached } from "../facts.js";
import { type Finding, note, ok, warning } from "../finding.js";
import type { Info } from "../info.js";

/** What a server still knows after a restart. */
export const checkPersistence: NodeCheck = (facts) => {
  if (!facts.info.ok) return [];
  const info = facts.info.value;
  const appended = info.number("aof_enabled");
  if (appended === null) return [];
  return [memoryAfterRestart(facts, appended === 1), ...brokenSaves(info)];
};

const quarantined =
  "When it restarts, or its machine does, it may have forgotten locks. Among several nodes it then does not vote for the " +
  "longest ttl (quarantine), so that none is granted twice; a single node votes at once.";

function memoryAfterRestart({ config }: Reached, appended: boolean): Finding {
  const fsync = config.get("appendfsync") ?? null;
  const value = { appendonly: appended, appendfsync: appended ? fsync : null };
  if (appended && fsync === "always") {
    const found = "every write is on disk before its reply (appendonly yes, appendfsync always)";
    return ok("persistence", `${found}: quarantine: false is safe here`, value);
  }
  const advice =
    "leave quarantine at its default; for a single node, or to vote at once after a restart, use appendonly yes with " +
    "appendfsync always, at the price of one disk write for each batch";
  const found = !appended
    ? "writes are not logged to disk (appendonly no)"
    : `writes are logged to disk after the reply (appendonly yes, appendfsync ${fsync ?? "unknown: CONFIG is not allowed"})`;
  return note({ code: "persistence", found, value, means: quarantined, advice });
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
