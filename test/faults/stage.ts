import { randomUUID } from "node:crypto";
import { type RedisServer, type ServerOptions, startServer, waitUntil } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { Client, type ClientJob, type Vote, type Work } from "./client.js";
import { type Groups, startGroups } from "./groups.js";
import { Link } from "./proxy.js";
import { Scanner } from "./scanner.js";
import { Witness } from "./witness.js";

/** Each takes part in it; whoever is asked for ends when the stage does. */
export interface StageOptions {
  readonly servers: number;
  readonly clients: number;
  readonly options?: Partial<ClientJob["options"]>;
  readonly works?: readonly Work[];
  readonly resources?: Partial<ClientJob["resources"]>;
  readonly apart?: boolean;
  readonly server?: ServerOptions;
  /** Votes beside those of the single servers, for the client of this number. */
  readonly more?: (client: number) => readonly Vote[];
  /** The number of the client whose time of day is an hour ahead. */
  readonly ahead?: number;
  /** With a Sentinel set and a Cluster beside the servers, one vote each. */
  readonly grouped?: boolean;
}

export const standardOptions = { ttl: 1_500, nodeTimeout: 300, wait: 20_000 } as const;

/** For what is under way; shorter than the ttl, after which it would be gone anyway. */
const LEFT_TIMEOUT_MS = 1_200;

const hour = 3_600_000;
const contended: readonly Work[] = ["short", "short", "unfair", "long", "bold", "line"];
const lively: readonly Work[] = ["probe", "vote", "quick", "steady"];
const standardWorks: readonly Work[] = [...contended, "probe"];
/** What shows that nothing is stuck. */
export const livelyWorks: readonly Work[] = [...contended, ...lively, "fresh"];
/** Who is ahead in time is behind all others in line, and shows nothing there. It takes fences in quick order. */
const aheadWorks: readonly Work[] = ["unfair", ...lively, "rush"];

/** Servers, processes of clients, a link between each two of them, and the witness. */
export class Stage {
  readonly scanner: Scanner;
  /** Servers that take part in a fault alone. */
  readonly extras = new Set<RedisServer>();

  private constructor(
    readonly servers: readonly RedisServer[],
    readonly clients: readonly Client[],
    /** By client, then by server. */
    readonly links: readonly (readonly Link[])[],
    readonly witness: Witness,
    readonly groups: Groups | null,
    /** In front of the names of all locks. */
    readonly prefix: string,
  ) {
    this.scanner = new Scanner(servers, prefix);
  }

  /** All but the clients' processes, which `open` starts. */
  static async start(options: StageOptions): Promise<Stage> {
    const prefix = `faults-${randomUUID().slice(0, 8)}:`;
    const witness = await Witness.start();
    const servers: RedisServer[] = [];
    const links: Link[][] = [];
    let groups: Groups | null = null;
    try {
      if (options.grouped === true) groups = await startGroups();
      const start = () => startServer(options.server);
      servers.push(...(await startAll(Array.from({ length: options.servers }, () => start))));
      for (let client = 0; client < options.clients; client += 1) {
        links.push(await Promise.all(servers.map(({ port }) => Link.to(port))));
      }
    } catch (error) {
      const closed = links.flat().map((link) => link.close());
      await Promise.all([witness.stop(), stopAll(servers), groups?.stop(), ...closed]);
      throw error;
    }
    const clients = links.map((row, index) => {
      const votes = [
        ...row.map(({ port }, server) => voteOf(index, server, port)),
        ...(options.more?.(index) ?? []),
        ...(groups?.votes(index) ?? []),
      ];
      const isAhead = index === options.ahead;
      return new Client(index, {
        witness: witness.path,
        votes,
        apart: options.apart ?? false,
        options: { ...standardOptions, prefix, ...options.options },
        works: isAhead ? aheadWorks : (options.works ?? standardWorks),
        resources: { short: 8, long: 6, line: 2, ...options.resources },
        ahead: isAhead ? hour : 0,
      });
    });
    return new Stage(servers, clients, links, witness, groups, prefix);
  }

  async open(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.start()));
    this.scanner.start();
  }

  /** The links of all clients to one server. */
  linksTo(server: number): Link[] {
    return this.links.flatMap((row) => row[server] ?? []);
  }

  /** The clients end their work; what is wrong with how they did. */
  async finish(): Promise<string[]> {
    const ends = await Promise.all(this.clients.map((client) => client.finish()));
    return ends.filter((end) => end !== null);
  }

  /** What is left on the servers of locks, and of those who waited, when all clients have ended. */
  async leftAtTheEnd(): Promise<string[]> {
    let left: string[] = [];
    await waitUntil("nothing is left on the servers", LEFT_TIMEOUT_MS, async () => {
      left = await this.scanner.keys();
      return left.length === 0;
    }).catch(() => {});
    return left;
  }

  /** Ends everything at once, whatever state it is in. */
  async stop(): Promise<void> {
    await Promise.allSettled([this.scanner.stop(), ...this.clients.map((client) => client.kill())]);
    await Promise.allSettled([
      this.witness.stop(),
      stopAll([...this.servers, ...this.extras]),
      this.groups?.stop(),
      ...this.links.flat().map((link) => link.close()),
    ]);
  }
}

/** The number of the client whose own clients refuse what they have no room or no time for. */
const refusing = 1;

/** Both libraries in each process, and in one of them addresses only. */
function voteOf(client: number, server: number, port: number): Vote {
  const even = (client + server) % 2 === 0;
  if (client === 0) return { kind: "server", by: "address", port };
  if (client !== refusing) return { kind: "server", by: even ? "ioredis" : "node-redis", port };
  const by = even ? "ioredis with commandTimeout" : "node-redis with commandsQueueMaxLength";
  return { kind: "server", by, port };
}
