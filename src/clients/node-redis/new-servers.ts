import { addressParts } from "../cluster.js";
import type { ClusterMember, NodeRedisClient, NodeRedisCluster } from "./library.js";

/**
 * Servers that have joined a Cluster and have no slot yet. A node-redis Cluster does not know these servers, and fails
 * every command that is redirected to one of them while the first slot is moved there. The Cluster object can open
 * connections to these servers, with its own options and address map, but does not close them. They are closed here,
 * when the Cluster object knows the server or is closed itself.
 */
export class NodeRedisNewServers {
  readonly #members = new Map<string, ClusterMember>();

  constructor(private readonly cluster: NodeRedisCluster) {}

  /** A member that the Cluster object can connect to; null if the address is invalid or the Cluster is closed. */
  get(address: string): ClusterMember | null {
    const parts = addressParts(address);
    if (parts === null || !this.cluster.isOpen) return null;
    const known = this.#members.get(address);
    if (known !== undefined) return known;
    const member = { address, ...parts };
    if (this.#members.size === 0) this.cluster.on("disconnect", this.#closeAll);
    this.#members.set(address, member);
    return member;
  }

  /** The pending commands are still answered. */
  close(address: string): void {
    this.#end(address, (client) => (client.close ?? client.destroy)?.call(client));
  }

  #end(address: string, by: (client: NodeRedisClient) => unknown): void {
    const member = this.#members.get(address);
    if (member === undefined) return;
    this.#members.delete(address);
    if (this.#members.size === 0) this.cluster.off("disconnect", this.#closeAll);
    const end = async () => {
      if (member.client?.isOpen) await by(member.client);
    };
    // Waits for the connection: some versions cannot close a client that is connecting.
    (member.connectPromise ?? Promise.resolve()).then(end).catch(() => {});
  }

  readonly #closeAll = (): void => {
    for (const address of [...this.#members.keys()]) this.#end(address, (client) => client.destroy?.());
  };
}
