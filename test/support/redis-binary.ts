import { delimiter, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchRedis } from "./redis-fetch.js";
import { type RedisLaunch, unpackedLaunch, whyUnusable } from "./redis-launch.js";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/holdfast/redis", import.meta.url));

const ALTERNATIVES = `The tests run against real Redis servers. Provide redis-server or valkey-server on the PATH:
  macOS            brew install redis
  Fedora, RHEL     dnf install redis        (or: dnf install valkey)
  Alpine           apk add redis
  Debian, Ubuntu   apt-get install redis-server
or name the program in HOLDFAST_REDIS_SERVER, or run the tests in a container, in a fresh clone:
  docker run --rm -v "$PWD":/holdfast -w /holdfast node:20-bookworm sh -c "npm ci && npm test"`;

/** The sources to search; a test can replace each of them. */
export interface RedisSources {
  readonly env?: NodeJS.ProcessEnv;
  readonly cache?: string;
  readonly fetch?: (cache: string) => Promise<void>;
}

/**
 * Finds a redis-server: HOLDFAST_REDIS_SERVER, then the PATH, then the project's cache folder, then the distribution's
 * packages unpacked into that folder. Throws an error if none works: tests are never skipped because a server is missing.
 */
export async function findRedisServer(sources: RedisSources = {}): Promise<RedisLaunch> {
  const { env = process.env, cache = CACHE, fetch = fetchRedis } = sources;
  const named = env.HOLDFAST_REDIS_SERVER;
  if (named) return namedServer(named);
  const found = (await serverOnPath(env.PATH ?? "")) ?? (await cachedServer(cache));
  if (found) return found;
  try {
    await fetch(cache);
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw new Error(`No Redis server was found, and none could be fetched (${reason}).\n${ALTERNATIVES}`);
  }
  const fetched = await unpackedLaunch(cache);
  const reason = await whyUnusable(fetched);
  if (reason !== undefined)
    throw new Error(`The fetched Redis server does not run (${reason}).\n${ALTERNATIVES}`);
  return fetched;
}

async function namedServer(named: string): Promise<RedisLaunch> {
  // Each server runs in its own folder, where a relative path would have another meaning.
  const launch = { command: named.includes(sep) ? resolve(named) : named, env: {} };
  const reason = await whyUnusable(launch);
  // The user chose this server, so falling back to another one would test the wrong server.
  if (reason !== undefined) throw new Error(`HOLDFAST_REDIS_SERVER=${named} can not be used: ${reason}`);
  return launch;
}

async function serverOnPath(path: string): Promise<RedisLaunch | undefined> {
  const folders = path.split(delimiter).filter(Boolean);
  for (const name of ["redis-server", "valkey-server"]) {
    for (const folder of folders) {
      const launch = { command: resolve(folder, name), env: {} };
      if ((await whyUnusable(launch)) === undefined) return launch;
    }
  }
  return undefined;
}

async function cachedServer(cache: string): Promise<RedisLaunch | undefined> {
  const launch = await unpackedLaunch(cache);
  return (await whyUnusable(launch)) === undefined ? launch : undefined;
}
