import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { giveMemory } from "../support/memory.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { sharedServers } from "../support/shared-servers.js";
import { startAll } from "../support/start-all.js";

/** Without the option whose type this version does not accept as an input. */
type ClientOptions = Omit<import("ioredis").RedisOptions, "replyMapping">;

/** The context of a case: one of the two packages, and real servers. */
export class CaseContext<Api> {
  readonly #ends: (() => unknown)[] = [];
  readonly #base = `compare-${randomUUID().slice(0, 8)}:`;

  constructor(
    /** The exports of the package. */
    readonly api: Api,
    /** Which package it is, for the few places where a program must differ. */
    readonly which: "original" | "ours",
  ) {}

  /** Ready ioredis clients of the first `count` shared servers; closed after the case. */
  clients(count: number, options: ClientOptions = {}): Promise<Redis[]> {
    return this.clientsOf(sharedServers().slice(0, count), options);
  }

  /** One ready ioredis client per server; closed after the case. */
  async clientsOf(servers: readonly { port: number }[], options: ClientOptions = {}): Promise<Redis[]> {
    const clients = servers.map(({ port }) => new Redis(port, "127.0.0.1", options));
    for (const client of clients) {
      this.later(() => client.disconnect());
      client.on("error", () => {});
    }
    await Promise.all(clients.map((client) => client.ping()));
    return clients;
  }

  /** Servers for this case alone, which may damage them; stopped after the case. */
  async ownServers(count: number): Promise<RedisServer[]> {
    const servers = await startAll(Array.from({ length: count }, () => () => startServer()));
    for (const server of servers) this.later(() => server.stop());
    await Promise.all(servers.map(({ port }) => giveMemory(port)));
    return servers;
  }

  /** Runs after the case, whatever its result; the last function added runs first. */
  later(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** A key that no other test uses. Results must not contain the key: see `plain`. */
  key(name = "a"): string {
    return this.#base + name;
  }

  /** Removes the parts of the text that differ from run to run. */
  plain(text: string): string {
    return text.replaceAll(this.#base, "");
  }

  /** The outcome of a promise: its value, or the name and message of its error. */
  async outcome(promise: PromiseLike<unknown>, show: (value: unknown) => unknown = () => "resolved") {
    try {
      return { value: show(await promise) };
    } catch (error) {
      const { name, message } = error as Error;
      return { error: name, message: this.plain(message) };
    }
  }

  /** Like `outcome`, for calls that one of the packages never settles: "still pending" after `ms`. */
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

/** One documented call, or a few related ones: the same program for both packages. */
export interface Case<Api> {
  readonly name: string;
  /** Resolves with the result as plain data: no keys, no tokens, no times. */
  run(context: CaseContext<Api>): Promise<unknown>;
  /** An intended difference. `why` must appear, word for word, in docs/migrating.md. */
  readonly differs?: { readonly original: unknown; readonly ours: unknown; readonly why: string };
}

export interface CompareOptions {
  /** Run the cases concurrently; for cases that share nothing but the servers. Default false. */
  readonly concurrent?: boolean;
}

const documentation = "docs/migrating.md";
const words = (text: string) => text.replace(/\s+/g, " ").trim();

/** Runs each case against the original package and ours, and prints the number of cases. */
export function compare<Original extends Ours, Ours>(
  peer: string,
  packages: { readonly original: Original; readonly ours: Ours },
  cases: readonly Case<Ours>[],
  { concurrent = false }: CompareOptions = {},
): void {
  const intended = cases.flatMap(({ differs }) => (differs === undefined ? [] : [differs]));
  describe(`${peer}, the original and ours`, () => {
    describe("have the same result, or differ as intended", { concurrent }, () => {
      for (const { name, run, differs } of cases) {
        it(name, async () => {
          const original = await runCase(run, packages.original, "original");
          const ours = await runCase(run, packages.ours, "ours");
          if (differs === undefined) return expect(ours, "ours, against the original").toEqual(original);
          expect(original, "the original").toEqual(differs.original);
          expect(ours, "ours").toEqual(differs.ours);
          expect(ours, "an intended difference").not.toEqual(original);
        });
      }
    });
    it("have unique names for their cases", () => {
      const names = cases.map(({ name }) => name);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    });
    it(`have each intended difference in ${documentation}`, () => {
      const documented = words(readFileSync(documentation, "utf8"));
      const missing = intended.map(({ why }) => words(why)).filter((why) => !documented.includes(why));
      expect([...new Set(missing)]).toEqual([]);
    });
    afterAll(() => {
      if (!process.env.HOLDFAST_FIGURES) return;
      console.log(
        `${peer}: ${cases.length} cases, ${cases.length - intended.length} the same, ${intended.length} intended differences`,
      );
    });
  });
}

async function runCase<Api>(
  run: Case<Api>["run"],
  api: Api,
  which: CaseContext<Api>["which"],
): Promise<unknown> {
  const context = new CaseContext(api, which);
  try {
    return await run(context);
  } finally {
    await context.close();
  }
}
