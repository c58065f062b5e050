import { inject } from "vitest";

/**
 * The servers that one run's tests share (see global-setup.ts). They are shared between files that run at the same
 * time: use keys of your own, never FLUSHALL, and never hurt them. A test that kills, suspends or reconfigures
 * a server starts its own with `startServer`.
 */
export interface SharedServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
}

export interface SharedCluster {
  /** One for each of the three masters. */
  readonly ports: readonly number[];
}

export interface SharedSentinel {
  /** What the sentinels call the master. */
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

/** Five servers that know nothing of each other. */
export function sharedServers(): readonly SharedServer[] {
  return provided(inject("redisServers"));
}

export function sharedCluster(): SharedCluster {
  return provided(inject("redisCluster"));
}

export function sharedSentinel(): SharedSentinel {
  return provided(inject("redisSentinel"));
}

/** The type can't know in which project the caller runs. */
function provided<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("There are no servers here: name the test file *.redis.test.ts");
  return value;
}
