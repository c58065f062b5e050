import { inject } from "vitest";

/**
 * The servers that the tests of a run share (see global-setup.ts). Test files use them at the same time: use unique keys,
 * never FLUSHALL, and never disturb the servers. A test that kills, suspends or reconfigures a server starts its own with
 * `startServer`.
 */
export interface SharedServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
}

export interface SharedCluster {
  /** The ports of the three masters. */
  readonly ports: readonly number[];
}

export interface SharedSentinel {
  /** The name of the master in the sentinels. */
  readonly name: string;
  readonly sentinelPorts: readonly number[];
  readonly masterPort: number;
  readonly replicaPort: number;
}

declare module "vitest" {
  export interface ProvidedContext {
    redisServers: readonly SharedServer[];
    redisCluster: SharedCluster;
    redisSentinel: SharedSentinel;
  }
}

/** Five independent servers. */
export function sharedServers(): readonly SharedServer[] {
  return provided(inject("redisServers"));
}

export function sharedCluster(): SharedCluster {
  return provided(inject("redisCluster"));
}

export function sharedSentinel(): SharedSentinel {
  return provided(inject("redisSentinel"));
}

/** Throws an error outside projects with servers, which the types cannot express. */
function provided<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("There are no servers here: name the test file *.redis.test.ts");
  return value;
}
