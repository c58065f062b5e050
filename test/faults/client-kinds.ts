import { healed, type Kind, reconnected } from "./kind.js";
import { standardOptions } from "./testbed.js";

const { ttl } = standardOptions;

/** Faults of a client process and of its links. */
export const clientKinds = {
  "a holder's process killed": {
    scope: "client",
    weight: 5,
    lasts: [0, 800],
    settles: 1_500,
    async begin({ clients }, { target }) {
      await clients[target]?.kill();
      return () => clients[target]?.start();
    },
  },
  "a holder's process stopped beyond its deadline": {
    scope: "client",
    weight: 8,
    lasts: [1.1 * ttl, 2 * ttl],
    settles: 1_000,
    begin({ clients }, { target }) {
      clients[target]?.suspend();
      return () => clients[target]?.resume();
    },
  },
  "a process started while servers hang": {
    scope: "client",
    weight: 5,
    lasts: [500, 3_500],
    settles: reconnected,
    async begin({ clients, links }, { target, chance }) {
      const row = links[target] ?? [];
      // Between one and all of them.
      const hung = row.slice(Math.floor(chance * row.length));
      await clients[target]?.kill();
      for (const link of hung) {
        link.cut();
        link.hold("both");
      }
      const started = clients[target]?.start();
      // Prevents an unhandled rejection until the promise is awaited.
      started?.catch(() => {});
      return async () => {
        for (const link of hung) link.heal();
        await started;
      };
    },
  },
  "an event loop that lags": {
    scope: "client",
    weight: 5,
    lasts: [1_500, 4_000],
    settles: 1_000,
    begin({ clients }, { target }) {
      clients[target]?.toggleLag();
      return () => clients[target]?.toggleLag();
    },
  },
  "a client parted from most servers": {
    scope: "client",
    weight: 8,
    lasts: [0.5 * ttl, 2 * ttl],
    settles: reconnected,
    begin({ links }, { target, chance }) {
      const row = links[target] ?? [];
      const parted = row.slice(Math.floor(chance * 3));
      for (const link of parted) {
        link.hold(chance < 0.4 ? "both" : chance < 0.7 ? "toServer" : "toClient");
      }
      return healed(parted, (chance * 31) % 1 < 0.5);
    },
  },
} as const satisfies Record<string, Kind>;
