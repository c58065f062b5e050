import { addressParts } from "../cluster.js";
import type { NodeRedisClient } from "./client.js";
import type { ClusterMember, NodeRedisCluster } from "./cluster.js";

/**
 * Servers that have joined a Cluster and have no slot yet. A node-redis Cluster does not know them, and fails every command
 * that it would have to ask them while the first slot is being moved there. It opens connections to them all the same, with
 * its own options and address map, but does not close them: that is done here, once it knows the server, or is closed itself.
 */
export class NodeRedisNewServers {
  readonly #members = new Map<string, ClusterMember>();

  constructor(private readonly cluster: NodeRedisCluster) {}

  /** What the Cluster object may be asked to connect to; null where the address is none, or the Cluster closed. */
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

  /** It still gets the answers that it is waiting for. */
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
    // While it is being opened it cannot be closed in every version.
    (member.connectPromise ?? Promise.resolve()).then(end).catch(() => {});
  }

  readonly #closeAll = (): void => {
    for (const address of [...this.#members.keys()]) this.#end(address, (client) => client.destroy?.());
  };
}
