import { setTimeout as sleep } from "node:timers/promises";
import { callRedis, type RedisServer } from "../support/servers.js";
import { now } from "./record.js";

/** Records that outlive all leases: the fences of resources, and the numbers of permits of semaphores. */
const lasting = ["holdfast:fence:", "holdfast:permits:"];
/** Interval in ms between two scans of a server. */
const period = 200;

/** A key that only one process locks, as seen on a server. */
export interface Sighting {
  readonly kind: "vote" | "held";
  readonly key: string;
  readonly id: string;
  readonly server: number;
  /** When the lease was requested. */
  readonly asked: number;
  /** The latest end of the lease; equal to `asked` for a key whose end is not checked. */
  readonly end: number;
  /** When the key was last seen. */
  readonly last: number;
}

/** The names of the resources that fixtures/liveness-works.mjs locks. */
const named = /(?:^|:)((vote|held)-(client-\d+\.\d+)-(\d+)(?:-(\d+))?)$/;

/** Parses a key; null if its name contains no times. */
export function sightingOf(key: string, server: number, last: number): Sighting | null {
  const [, name, kind, id, asked, end = asked] = named.exec(key) ?? [];
  if (name === undefined || id === undefined) return null;
  const times = { asked: Number(asked), end: Number(end), last };
  return { kind: kind === "vote" ? "vote" : "held", key: name, id, server, ...times };
}

/** Returns the process that locks a key; null if several processes do. */
export const ownerOf = (key: string): string | null => /-(client-\d+\.\d+)-\d/.exec(key)?.[1] ?? null;

/** The databases of all locks. */
const databases = [0, 1];

async function keysOf({ port }: RedisServer, pattern: string): Promise<string[]> {
  const found = await Promise.all(
    databases.map((database) => callRedis(port, ["KEYS", pattern], { database })),
  );
  return found.flat() as string[];
}

/** Continuously reads the keys on the servers, bypassing the links, independently of what the processes report. */
export class Scanner {
  readonly #seen = new Map<string, Sighting>();
  readonly #ended = new AbortController();
  #scans: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly servers: readonly RedisServer[],
    private readonly prefix: string,
  ) {}

  get sightings(): Sighting[] {
    return [...this.#seen.values()];
  }

  start(): void {
    this.#scans = Promise.all(this.servers.map((_, server) => this.#watch(server)));
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#scans;
  }

  /** Returns the keys of all locks and queues that are on the servers now. */
  async keys(): Promise<string[]> {
    const found = await Promise.all(
      this.servers.map(async (server, index) => {
        const keys = await keysOf(server, `*${this.prefix}*`);
        return keys
          .filter((key) => !lasting.some((record) => key.startsWith(record)))
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
        // The server is down or suspended, which is part of the run.
      }
      await sleep(period, undefined, { signal }).catch(() => {});
    }
  }
}
