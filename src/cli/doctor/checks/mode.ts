import type { NodeCheck } from "../facts.js";
import { error, ok } from "../finding.js";

/** A Sentinel, or one of several masters of a Cluster, is not a node of its own. */
export const checkMode: NodeCheck = ({ info, clusterSize }) => {
  if (!info.ok) return [];
  const mode = info.value.text("redis_mode");
  if (mode === "sentinel") {
    return [
      error({
        code: "mode",
        found: "it is a Sentinel, not a server that keeps keys",
        value: mode,
        means: "It cannot hold locks.",
        advice:
          "in a program, pass a client with its Sentinels as one node; on the command line, name the master",
      }),
    ];
  }
  if (mode !== "cluster" && info.value.number("cluster_enabled") !== 1) {
    return mode === null ? [] : [ok("mode", `a server of its own (${mode})`, mode)];
  }
  if (clusterSize === 1) return [ok("mode", "a server of a Cluster that has one master", "cluster")];
  return [
    error({
      code: "mode",
      found: "it is one server of a Cluster",
      value: "cluster",
      means:
        "By its address alone it serves only its own hash slots and sends all other locks elsewhere (MOVED).",
      advice:
        "in a program, pass a client of the whole Cluster as one node (one vote); on the command line, use servers that " +
        "are in no Cluster",
    }),
  ];
};
