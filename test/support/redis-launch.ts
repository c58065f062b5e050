import { type Launch, unpackedLaunch as unpacked, whyNot } from "./launch.js";

/** How a redis-server is started. */
export type RedisLaunch = Launch;

/**
 * Why this program can not serve, or undefined when it can. The same program serves or checks dump files, depending
 * on its name: only the server says this.
 */
export const whyUnusable = (launch: RedisLaunch): Promise<string | undefined> =>
  whyNot(launch, /server v=/i, "a Redis server");

/** The server inside a folder into which Debian packages were unpacked. */
export const unpackedLaunch = (root: string): Promise<RedisLaunch> => unpacked(root, "usr/bin/redis-server");
