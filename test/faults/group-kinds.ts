import { type Kind, nothing } from "./kind.js";

/** ms: a Sentinel set fails over at most once in 10 s, and takes as long to make a replica of who was the master. */
const settles = 20_000;

/** What can happen to a group that is one vote by itself. Each is over when both servers of the pair serve again. */
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
