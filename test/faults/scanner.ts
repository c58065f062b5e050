import { setTimeout as sleep } from "node:timers/promises";
import { callRedis, type RedisServer } from "../support/servers.js";
import { now } from "./record.js";

/** ms between two looks at a server. */
const period = 200;

/** A key of a process's own that was on a server. */
export interface Sighting {
  readonly kind: "vote" | "held";
  readonly key: string;
  readonly id: string;
  readonly server: number;
  /** When it was asked for. */
  readonly asked: number;
  /** When it has been let go, at the latest; what has just one time is not looked at for that. */
  readonly end: number;
  /** When it was seen last. */
  readonly last: number;
}

/** The names under which fixtures/lively.mjs locks. */
const named = /(?:^|:)((vote|held)-(client-\d+\.\d+)-(\d+)(?:-(\d+))?)$/;

/** Null for a key that says nothing about when it is to be gone. */
export function sightingOf(key: string, server: number, last: number): Sighting | null {
  const [, name, kind, id, asked, end = asked] = named.exec(key) ?? [];
  if (name === undefined || id === undefined) return null;
  const times = { asked: Number(asked), end: Number(end), last };
  return { kind: kind === "vote" ? "vote" : "held", key: name, id, server, ...times };
}

/** The process whose own key it is; null where several processes lock that name. */
export const ownerOf = (key: string): string | null => /-(client-\d+\.\d+)-\d/.exec(key)?.[1] ?? null;

/** Those of all locks are in one of these. */
const databases = [0, 1];

async function keysOf({ port }: RedisServer, pattern: string): Promise<string[]> {
  const found = await Promise.all(
    databases.map((database) => callRedis(port, ["KEYS", pattern], { database })),
  );
  return found.flat() as string[];
}

/** Looks at what is on the servers, all the time, beside the links: what a process holds there is a fact, not its word. */
export class Scanner {
  readonly #seen = new Map<string, Sighting>();
  readonly #ended = new AbortController();
  #looks: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly servers: readonly RedisServer[],
    private readonly prefix: string,
  ) {}

  get sightings(): Sighting[] {
    return [...this.#seen.values()];
  }

  start(): void {
    this.#looks = Promise.all(this.servers.map((_, server) => this.#watch(server)));
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#looks;
  }

  /** What of all locks, and of those who wait for them, is on the servers now. */
  async keys(): Promise<string[]> {
    const found = await Promise.all(
      this.servers.map(async (server, index) => {
        const keys = await keysOf(server, `*${this.prefix}*`);
        return keys
          .filter((key) => !key.startsWith("holdfast:fence:"))
          .map((key) => `${key} on server ${index}`);
      }),
    );
    return found.flat();
  }

  async #watch(server: number): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        const keys = await keysOf(this.servers[server] as RedisServer, `${this.prefix}*`);
        const at = now();
        for (const key of keys) {
          const sighting = sightingOf(key, server, at);
          if (sighting !== null) this.#seen.set(`${server} ${key}`, sighting);
        }
      } catch {
        // It is down, or stands still: that is what the run is about.
      }
      await sleep(period, undefined, { signal }).catch(() => {});
    }
  }
}
