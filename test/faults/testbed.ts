import { randomUUID } from "node:crypto";
import { type RedisServer, type ServerOptions, startServer, waitUntil } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { Client, type ClientJob, type Vote, type Work } from "./client.js";
import { type Groups, startGroups } from "./groups.js";
import { Link } from "./proxy.js";
import { Recorder } from "./recorder.js";
import { Scanner } from "./scanner.js";

/** The parts of a testbed. */
export interface TestbedOptions {
  readonly servers: number;
  readonly clients: number;
  readonly options?: Partial<ClientJob["options"]>;
  readonly works?: readonly Work[];
  readonly resources?: Partial<ClientJob["resources"]>;
  readonly apart?: boolean;
  readonly server?: ServerOptions;
  /** Additional votes for the client with this index. */
  readonly more?: (client: number) => readonly Vote[];
  /** The index of the client whose wall clock is an hour ahead. */
  readonly ahead?: number;
  /** Whether there are also a Sentinel set and a Cluster, one vote each. */
  readonly grouped?: boolean;
}

export const standardOptions = { ttl: 1_500, nodeTimeout: 300, wait: 20_000 } as const;

/** Time in ms for releases in progress; shorter than the TTL, after which the keys would expire anyway. */
const LEFT_TIMEOUT_MS = 1_200;

const hour = 3_600_000;
const contended: readonly Work[] = ["short", "short", "unfair", "long", "bold", "line"];
const livenessOnly: readonly Work[] = ["probe", "vote", "quick", "steady"];
const standardWorks: readonly Work[] = [...contended, "probe"];
/** The works for the checks of liveness, of all kinds of leases, and of elections. */
export const livenessWorks: readonly Work[] = [
  ...contended,
  ...livenessOnly,
  "fresh",
  "permit",
  "share",
  "elect",
];
/** A client whose clock is ahead queues behind all others, so it has no queued work. It acquires fences quickly. */
const aheadWorks: readonly Work[] = ["unfair", ...livenessOnly, "rush"];

/** Servers, client processes, a link between each client and server, and the recorder. */
export class Testbed {
  readonly scanner: Scanner;
  /** Servers that are only part of a fault. */
  readonly extras = new Set<RedisServer>();

  private constructor(
    readonly servers: readonly RedisServer[],
    readonly clients: readonly Client[],
    /** Indexed by client, then by server. */
    readonly links: readonly (readonly Link[])[],
    readonly recorder: Recorder,
    readonly groups: Groups | null,
    /** The prefix of all keys. */
    readonly prefix: string,
  ) {
    this.scanner = new Scanner(servers, prefix);
  }

  /** Starts everything except the client processes, which `open` starts. */
  static async start(options: TestbedOptions): Promise<Testbed> {
    const prefix = `faults-${randomUUID().slice(0, 8)}:`;
    const recorder = await Recorder.start();
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
      await Promise.all([recorder.stop(), stopAll(servers), groups?.stop(), ...closed]);
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
        recorder: recorder.path,
        votes,
        apart: options.apart ?? false,
        options: {
          ...standardOptions,
          prefix,
          ...(index === keptByWorker && options.grouped !== true && { renewal: "worker" as const }),
          ...options.options,
        },
        works: isAhead ? aheadWorks : (options.works ?? standardWorks),
        resources: { short: 8, long: 6, line: 2, permit: 2, share: 3, ...options.resources },
        ahead: isAhead ? hour : 0,
      });
    });
    return new Testbed(servers, clients, links, recorder, groups, prefix);
  }

  async open(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.start()));
    this.scanner.start();
  }

  /** The links of all clients to one server. */
  linksTo(server: number): Link[] {
    return this.links.flatMap((row) => row[server] ?? []);
  }

  /** Makes the clients end their work. Returns the outputs of those that failed to. */
  async finish(): Promise<string[]> {
    const ends = await Promise.all(this.clients.map((client) => client.finish()));
    return ends.filter((end) => end !== null);
  }

  /** Returns the keys of locks and queues that remain on the servers after all clients have ended. */
  async leftAtTheEnd(): Promise<string[]> {
    let left: string[] = [];
    await waitUntil("nothing is left on the servers", LEFT_TIMEOUT_MS, async () => {
      left = await this.scanner.keys();
      return left.length === 0;
    }).catch(() => {});
    return left;
  }

  /** Stops everything immediately, in any state. */
  async stop(): Promise<void> {
    await Promise.allSettled([this.scanner.stop(), ...this.clients.map((client) => client.kill())]);
    await Promise.allSettled([
      this.recorder.stop(),
      stopAll([...this.servers, ...this.extras]),
      this.groups?.stop(),
      ...this.links.flat().map((link) => link.close()),
    ]);
  }
}

/** The index of the client whose Redis clients have a command timeout or a short queue. */
const refusing = 1;

/** The index of the client whose leases are renewed by a worker thread, unless it reaches servers that have no address. */
const keptByWorker = 3;

/** Picks the client library: each process uses both libraries, except those that use only addresses. */
function voteOf(client: number, server: number, port: number): Vote {
  const even = (client + server) % 2 === 0;
  if (client === 0 || client === keptByWorker) return { kind: "server", by: "address", port };
  if (client !== refusing) return { kind: "server", by: even ? "ioredis" : "node-redis", port };
  const by = even ? "ioredis with commandTimeout" : "node-redis with commandsQueueMaxLength";
  return { kind: "server", by, port };
}
