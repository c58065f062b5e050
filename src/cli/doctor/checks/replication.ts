import type { NodeCheck } from "../facts.js";
import { error, note, ok } from "../finding.js";
import type { Info } from "../info.js";
import { count } from "../words.js";

/** A replica grants nothing, and a master may be replaced by a replica that does not know the newest locks. */
export const checkReplication: NodeCheck = ({ info, config }, { nodes }) => {
  if (!info.ok) return [];
  const role = info.value.text("role");
  if (role === null) return [];
  const replicas = info.value.number("connected_slaves") ?? 0;
  const minReplicas = Number(config.get("min-replicas-to-write") ?? Number.NaN);
  const value = { role, replicas, minReplicasToWrite: Number.isNaN(minReplicas) ? null : minReplicas };
  if (role !== "master") {
    return [
      error({
        code: "replication",
        found: `it is a replica${masterOf(info.value)}`,
        value,
        means: "It refuses writes: its votes fail. Its master's locks are not its own.",
        advice:
          nodes === 1
            ? "name its master instead: a replica cannot be a node"
            : "name an independent server instead; of a master and its replicas only the master can be a node",
      }),
    ];
  }
  if (replicas === 0 && !(minReplicas > 0)) return [ok("replication", "a master without replicas", value)];
  return [
    note({
      code: "replication",
      found: `a master with ${count(replicas, "replica")}, min-replicas-to-write is ${value.minReplicasToWrite ?? "unknown"}`,
      value,
      means:
        "Replication lags behind the reply: a replica that takes over may not know the newest locks. " +
        (minReplicas > 0
          ? "While too few replicas follow, it grants none."
          : "A master that is cut off from its replicas goes on granting locks."),
      advice:
        minReplicas > 0
          ? "use independent nodes for the quorum, and fences where a failover must do no harm"
          : "if failovers are automatic, set min-replicas-to-write 1 and a short min-replicas-max-lag, and use fences; " +
            "otherwise nothing",
    }),
  ];
};

function masterOf(info: Info): string {
  const [host, port] = [info.text("master_host"), info.text("master_port")];
  return host === null || port === null ? "" : ` of ${host}:${port}`;
}
