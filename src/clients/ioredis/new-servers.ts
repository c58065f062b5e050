import { addressParts } from "../cluster.js";
import type { Emitter } from "../connection-watch.js";
import type { IoredisClient } from "./library.js";

/** The part of a Cluster object that is used here. */
interface ClusterOfServers extends Emitter {
  readonly status: string;
  nodes(role: "master"): readonly IoredisClient[];
}

/** A user's disconnect() or quit() starts with the first event; the second follows when the last server is gone. */
const ends = ["disconnecting", "close"];

/**
 * Connections to servers that have joined a Cluster but are unknown to the ioredis Cluster object. That object would
 * open a connection with the first redirected command, but closes connections to servers without slots at each refresh
 * of the slots, and leaves the command's ASKING as an unhandled rejection. The connections here are closed when the
 * Cluster object knows the server or is closed itself.
 */
export class IoredisNewServers {
  readonly #clients = new Map<string, IoredisClient>();

  constructor(private readonly cluster: ClusterOfServers) {}

  get(address: string): IoredisClient | undefined {
    return this.#clients.get(address);
  }

  /** Returns a client that is not connected yet; null if the address is invalid or the Cluster is not ready. */
  open(address: string): IoredisClient | null {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const parts = addressParts(address);
    const like = this.cluster.nodes("master")[0];
    if (parts === null || like?.duplicate === undefined || this.cluster.status !== "ready") return null;
    // The same options as the Cluster's own connections: a lost connection is reopened by the next redirection.
    const overrides = {
      ...parts,
      lazyConnect: true,
      enableOfflineQueue: true,
      readOnly: false,
      retryStrategy: null,
    };
    // A duplicate has the type of its client: the same library, in the same version.
    const client = like.duplicate(overrides) as IoredisClient;
    // Without a listener ioredis would print the errors. Only the end of the connection matters.
    client.on("error", () => {});
    client.on("end", () => this.#forget(address, client));
    if (this.#clients.size === 0) for (const event of ends) this.cluster.on(event, this.#closeAll);
    this.#clients.set(address, client);
    return client;
  }

  /** The server still answers the commands that it has received. */
  close(address: string): void {
    const client = this.#clients.get(address);
    if (client === undefined) return;
    this.#forget(address, client);
    // Disconnecting an ended client would start a timer that nothing clears.
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
