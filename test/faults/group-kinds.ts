import { type Kind, nothing } from "./kind.js";

/** Recovery time in ms: a Sentinel set fails over at most once in 10 s, and needs 10 s to demote the former master. */
const settles = 20_000;

/** Faults of a group that is one vote. Each fault ends when both servers of the pair serve again. */
export const groupKinds = {
  "failover of a Sentinel set": {
    scope: "sentinel",
    weight: 20,
    lasts: [0, 0],
    settles,
    beyond: true,
    async begin({ groups }) {
      await groups?.sentinel.failOver();
      return nothing;
    },
  },
  "failover of a Cluster's master": {
    scope: "cluster",
    weight: 20,
    lasts: [0, 0],
    settles,
    beyond: true,
    async begin({ groups }) {
      await groups?.cluster.failOver();
      return nothing;
    },
  },
} as const satisfies Record<string, Kind>;
