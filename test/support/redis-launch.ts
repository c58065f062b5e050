import { type Launch, unpackedLaunch as unpacked, whyNot } from "./launch.js";

/** How to start a redis-server. */
export type RedisLaunch = Launch;

/**
 * Returns why the program is not a usable server; undefined if it is. The same program is a server or a checker of dump
 * files, depending on its name; only the server prints the expected text.
 */
export const whyUnusable = (launch: RedisLaunch): Promise<string | undefined> =>
  whyNot(launch, /server v=/i, "a Redis server");

/** How to start the server from unpacked Debian packages. */
export const unpackedLaunch = (root: string): Promise<RedisLaunch> => unpacked(root, "usr/bin/redis-server");
