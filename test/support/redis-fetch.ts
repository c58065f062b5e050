import { fetchPackages } from "./fetch-packages.js";
import { unpackedLaunch, whyUnusable } from "./redis-launch.js";

/** The server may be a program of its own or a second name of one in redis-tools, so both are taken. */
const PACKAGES = ["redis-server", "redis-tools"];

/** Unpacks a Redis server from the distribution's packages into `target`. */
export const fetchRedis = (target: string): Promise<void> =>
  fetchPackages(target, PACKAGES, async (root) => whyUnusable(await unpackedLaunch(root)));
