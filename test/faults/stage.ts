import { randomUUID } from "node:crypto";
import { type RedisServer, type ServerOptions, startServer } from "../support/servers.js";
import { startAll, stopAll } from "../support/start-all.js";
import { Client, type ClientJob, type Vote, type Work } from "./client.js";
import { type Groups, startGroups } from "./groups.js";
import { Link } from "./proxy.js";
import { Witness } from "./witness.js";

/** Each takes part in it; whoever is asked for ends when the stage does. */
export interface StageOptions {
  readonly servers: number;
  readonly clients: number;
  readonly options?: Partial<ClientJob["options"]>;
  readonly works?: readonly Work[];
  readonly resources?: ClientJob["resources"];
  readonly apart?: boolean;
  readonly server?: ServerOptions;
  /** Votes beside those of the single servers, for the client of this number. */
  readonly more?: (client: number) => readonly Vote[];
  /** With a Sentinel set and a Cluster beside the servers, one vote each. */
  readonly grouped?: boolean;
}

export const standardOptions = { ttl: 1_500, nodeTimeout: 300, wait: 20_000 } as const;

/** Servers, processes of clients, a link between each two of them, and the witness. */
export class Stage {
  private constructor(
    readonly servers: readonly RedisServer[],
    readonly clients: readonly Client[],
    /** By client, then by server. */
    readonly links: readonly (readonly Link[])[],
    readonly witness: Witness,
    readonly groups: Groups | null,
    /** In front of the names of all locks. */
    readonly prefix: string,
  ) {}

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
      return new Client(`client-${index}`, {
        witness: witness.path,
        votes,
        apart: options.apart ?? false,
        options: { ...standardOptions, prefix, ...options.options },
        works: options.works ?? ["short", "short", "unfair", "long", "bold", "probe"],
        resources: options.resources ?? { short: 8, long: 6 },
      });
    });
    return new Stage(servers, clients, links, witness, groups, prefix);
  }

  async open(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.start()));
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

  /** Ends everything at once, whatever state it is in. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.clients.map((client) => client.kill()));
    await Promise.allSettled([
      this.witness.stop(),
      stopAll(this.servers),
      this.groups?.stop(),
      ...this.links.flat().map((link) => link.close()),
    ]);
  }
}

/** Both libraries in each process, and in one of them addresses only. */
function voteOf(client: number, server: number, port: number): Vote {
  if (client === 0) return { kind: "server", by: "address", port };
  return { kind: "server", by: (client + server) % 2 === 0 ? "ioredis" : "node-redis", port };
}
