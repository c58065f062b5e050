/**
 * The compared systems. A system is loaded when it is opened, so that a process loads only the system that it measures.
 * - `clients`: the client libraries that the system supports.
 * - `load()` returns `open(clients, { client, ttl, patient, retryDelay })`. With `patient`, the system retries without
 *   limit. `open` returns `acquire(resource, caller)`, which returns the function that releases; and, if the system renews
 *   leases, `hold(resource, onLost)`, which does the same with renewal.
 * - `retryDelays`: the delays in ms to try under contention; undefined is the system's own default.
 * - `package`: the name under which the system is installed here.
 */
import { entryBefore } from "./before.mjs";

const any = ["ioredis", "node-redis"];

const holdfast = { name: "holdfast", package: "holdfast", clients: any, retryDelays: [undefined] };

const peers = [
  {
    name: "redlock 5",
    package: "redlock-5",
    clients: ["ioredis"],
    retryDelays: [undefined, 10],
    load: async () => (await import("./systems/redlock.mjs")).openRedlock,
  },
  {
    name: "redis-semaphore",
    package: "redis-semaphore",
    clients: ["ioredis"],
    // Its default is 10 ms.
    retryDelays: [undefined],
    load: async () => (await import("./systems/redis-semaphore.mjs")).openRedisSemaphore,
  },
  {
    name: "redlock-universal",
    package: "redlock-universal",
    clients: any,
    retryDelays: [undefined, 10],
    load: async () => (await import("./systems/redlock-universal.mjs")).openRedlockUniversal,
  },
];

export const bareName = "bare client";
export const groupedName = "bare client, grouped";

/** Another build of Holdfast: before.mjs. */
export const beforeName = "holdfast, before";

const systems = [
  { ...holdfast, load: async () => (await import("./systems/holdfast.mjs")).openHoldfast },
  {
    ...holdfast,
    name: beforeName,
    load: async () => (await import("./systems/before.mjs")).openBefore,
  },
  {
    ...holdfast,
    name: "holdfast, watched",
    load: async () => (await import("./systems/holdfast.mjs")).openWatched,
  },
  {
    ...holdfast,
    name: "holdfast, kept handle",
    load: async () => (await import("./systems/holdfast.mjs")).openKept,
  },
  ...peers,
  { name: bareName, clients: any, load: async () => (await import("./systems/bare.mjs")).openBare },
  {
    name: groupedName,
    clients: any,
    load: async () => (await import("./systems/bare.mjs")).openGrouped,
  },
];

const peerNames = peers.map(({ name }) => name);

/** The systems that are locks; each has one row in the reports. */
export const lockNames = [holdfast.name, ...peerNames];

const isAbsent = (name) => name === beforeName && entryBefore() === undefined;

/** The systems that are locks, and the other build of Holdfast if there is one. */
export const contenderNames = () =>
  [holdfast.name, beforeName, ...peerNames].filter((name) => !isAbsent(name));

export const systemNamed = (name) => systems.find((system) => system.name === name);

export const namesFor = (client) =>
  systems.filter(({ name, clients }) => clients.includes(client) && !isAbsent(name)).map(({ name }) => name);

export const isPeer = (name) => peerNames.includes(name);
