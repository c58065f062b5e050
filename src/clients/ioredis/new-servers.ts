import { addressParts } from "../cluster.js";
import type { Emitter } from "../connection-watch.js";
import type { IoredisClient } from "./client.js";

/** What a Cluster object must offer for this. */
interface ClusterOfServers extends Emitter {
  readonly status: string;
  nodes(role: "master"): readonly IoredisClient[];
}

/** A user's disconnect() or quit() begins with the first; the second comes when the last server is gone. */
const ends = ["disconnecting", "close"];

/**
 * Connections to servers that have joined a Cluster and that an ioredis Cluster does not know yet. It would open its own
 * with the first command that is redirected there, but each time it asks for the slots it closes those to servers without
 * any, and then leaves the ASKING in front of the command as a rejection that nobody handles. Hence these, which are
 * closed once it knows the server, or is closed itself.
 */
export class IoredisNewServers {
  readonly #clients = new Map<string, IoredisClient>();

  constructor(private readonly cluster: ClusterOfServers) {}

  get(address: string): IoredisClient | undefined {
    return this.#clients.get(address);
  }

  /** Not connected yet; null where the address is none, or the Cluster not there. */
  open(address: string): IoredisClient | null {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const parts = addressParts(address);
    const like = this.cluster.nodes("master")[0];
    if (parts === null || like?.duplicate === undefined || this.cluster.status !== "ready") return null;
    // As the Cluster opens its own: what is lost is found again with the next redirection.
    const overrides = {
      ...parts,
      lazyConnect: true,
      enableOfflineQueue: true,
      readOnly: false,
      retryStrategy: null,
    };
    // A duplicate is what the client is: the same library, in the same version.
    const client = like.duplicate(overrides) as IoredisClient;
    // Without a listener it would print them. What matters is that it ends.
    client.on("error", () => {});
    client.on("end", () => this.#forget(address, client));
    if (this.#clients.size === 0) for (const event of ends) this.cluster.on(event, this.#closeAll);
    this.#clients.set(address, client);
    return client;
  }

  /** The server still answers what it has received. */
  close(address: string): void {
    const client = this.#clients.get(address);
    if (client === undefined) return;
    this.#forget(address, client);
    // What has ended would be given a timer that nothing clears.
    if (client.status !== "end") client.disconnect?.(false);
  }

  #forget(address: string, client: IoredisClient): void {
    if (this.#clients.get(address) !== client) return;
    this.#clients.delete(address);
    if (this.#clients.size === 0) for (const event of ends) this.cluster.off(event, this.#closeAll);
  }

  readonly #closeAll = (): void => {
    for (const address of [...this.#clients.keys()]) this.close(address);
  };
}
