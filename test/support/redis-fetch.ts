import { fetchPackages } from "./fetch-packages.js";
import { unpackedLaunch, whyUnusable } from "./redis-launch.js";

/** Both packages are needed, because the server may be a link to a program in redis-tools. */
const PACKAGES = ["redis-server", "redis-tools"];

/** Unpacks a Redis server from the distribution's packages into `target`. */
export const fetchRedis = (target: string): Promise<void> =>
  fetchPackages(target, PACKAGES, async (root) => whyUnusable(await unpackedLaunch(root)));
