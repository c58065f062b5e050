import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { giveMemory } from "../support/memory.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { startAll } from "../support/start-all.js";

/** Without what this version's types cannot take back as an option. */
type ClientOptions = Omit<import("ioredis").RedisOptions, "replyMapping">;

/** What a case has to work with: one of the two packages, and real servers. */
export class Scene<Face> {
  readonly #ends: (() => unknown)[] = [];
  readonly #base = `compare-${randomUUID().slice(0, 8)}:`;

  constructor(
    /** What the package exports. */
    readonly face: Face,
    /** Which of the two it is, for the few places where a program must differ. */
    readonly which: "original" | "ours",
  ) {}

  /** ioredis clients of so many shared servers, ready; gone with the case. */
  clients(count: number, options: ClientOptions = {}): Promise<Redis[]> {
    return this.clientsOf(sharedServers().slice(0, count), options);
  }

  /** An ioredis client of each of these servers, ready; gone with the case. */
  async clientsOf(servers: readonly { port: number }[], options: ClientOptions = {}): Promise<Redis[]> {
    const clients = servers.map(({ port }) => new Redis(port, "127.0.0.1", options));
    for (const client of clients) {
      this.later(() => client.disconnect());
      client.on("error", () => {});
    }
    await Promise.all(clients.map((client) => client.ping()));
    return clients;
  }

  /** Servers of the case's own, to be hurt; gone with it. */
  async ownServers(count: number): Promise<RedisServer[]> {
    const servers = await startAll(Array.from({ length: count }, () => () => startServer()));
    for (const server of servers) this.later(() => server.stop());
    await Promise.all(servers.map(({ port }) => giveMemory(port)));
    return servers;
  }

  /** Runs when the case is over, whatever it came to; the last one given runs first. */
  later(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** A key that nobody else uses. Results must not contain it: see `plain`. */
  key(name = "a"): string {
    return this.#base + name;
  }

  /** The text without what differs from run to run. */
  plain(text: string): string {
    return text.replaceAll(this.#base, "");
  }

  /** What a promise came to: its value, or the name and message of its error. */
  async outcome(promise: PromiseLike<unknown>, show: (value: unknown) => unknown = () => "resolved") {
    try {
      return { value: show(await promise) };
    } catch (error) {
      const { name, message } = error as Error;
      return { error: name, message: this.plain(message) };
    }
  }

  /** As `outcome`, for what one of the two never settles: "still pending" after `ms`. */
  async outcomeWithin(ms: number, promise: PromiseLike<unknown>, show?: (value: unknown) => unknown) {
    const over = new AbortController();
    const late = sleep(ms, "still pending" as const, { signal: over.signal }).catch(() => "over" as const);
    try {
      return await Promise.race([this.outcome(promise, show), late]);
    } finally {
      over.abort();
    }
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/** One documented call, or a few that belong together: the same program for both packages. */
export interface Case<Face> {
  readonly name: string;
  /** What it came to, in plain data: no keys, no tokens, no times. */
  run(scene: Scene<Face>): Promise<unknown>;
  /** A difference that is meant. `why` must stand, word for word, in docs/migrating.md. */
  readonly differs?: { readonly original: unknown; readonly ours: unknown; readonly why: string };
}

export interface CompareOptions {
  /** Run the cases side by side; for cases that share nothing but the servers. Default false. */
  readonly concurrent?: boolean;
}

const documentation = "docs/migrating.md";
const words = (text: string) => text.replace(/\s+/g, " ").trim();

/** Runs each case against the original package and ours, and prints how many there were. */
export function compare<Original extends Ours, Ours>(
  peer: string,
  faces: { readonly original: Original; readonly ours: Ours },
  cases: readonly Case<Ours>[],
  { concurrent = false }: CompareOptions = {},
): void {
  const meant = cases.flatMap(({ differs }) => (differs === undefined ? [] : [differs]));
  describe(`${peer}, the original and ours`, () => {
    describe("come to the same, or differ as it is meant", { concurrent }, () => {
      for (const { name, run, differs } of cases) {
        it(name, async () => {
          const original = await play(run, faces.original, "original");
          const ours = await play(run, faces.ours, "ours");
          if (differs === undefined) return expect(ours, "ours, against the original").toEqual(original);
          expect(original, "the original").toEqual(differs.original);
          expect(ours, "ours").toEqual(differs.ours);
          expect(ours, "a difference that is meant").not.toEqual(original);
        });
      }
    });
    it("have names for their cases that occur once", () => {
      const names = cases.map(({ name }) => name);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    });
    it(`have each difference that is meant in ${documentation}`, () => {
      const documented = words(readFileSync(documentation, "utf8"));
      const missing = meant.map(({ why }) => words(why)).filter((why) => !documented.includes(why));
      expect([...new Set(missing)]).toEqual([]);
    });
    afterAll(() => {
      if (!process.env.HOLDFAST_FIGURES) return;
      console.log(
        `${peer}: ${cases.length} cases, ${cases.length - meant.length} the same, ${meant.length} meant to differ`,
      );
    });
  });
}

async function play<Face>(run: Case<Face>["run"], face: Face, which: Scene<Face>["which"]): Promise<unknown> {
  const scene = new Scene(face, which);
  try {
    return await run(scene);
  } finally {
    await scene.close();
  }
}
