import type { ClusterMember, NodeRedisCluster } from "./node-redis-cluster.js";

/**
 * Servers that have joined a Cluster and have no slot yet. A node-redis Cluster does not know them, and fails every command
 * that it would have to ask them while the first slot is being moved there. It opens connections to them all the same, with
 * its own options and address map, but does not close them: that is done here, once it knows the server, or is closed itself.
 */
export class NodeRedisNewcomers {
  readonly #members = new Map<string, ClusterMember>();

  constructor(private readonly cluster: NodeRedisCluster) {}

  /** What the Cluster object may be asked to connect to; null where the address is none, or the Cluster closed. */
  get(address: string): ClusterMember | null {
    const colon = address.lastIndexOf(":");
    if (colon < 1 || !this.cluster.isOpen) return null;
    const known = this.#members.get(address);
    if (known !== undefined) return known;
    const member = { address, host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
    if (this.#members.size === 0) this.cluster.on("disconnect", this.#closeAll);
    this.#members.set(address, member);
    return member;
  }

  close(address: string): void {
    const member = this.#members.get(address);
    if (member === undefined) return;
    this.#members.delete(address);
    if (this.#members.size === 0) this.cluster.off("disconnect", this.#closeAll);
    const end = () => {
      if (member.client?.isOpen) Promise.resolve(member.client.destroy?.()).catch(() => {});
    };
    // While it is being opened it cannot be closed in every version.
    if (member.connectPromise === undefined) end();
    else member.connectPromise.then(end, () => {});
  }

  readonly #closeAll = (): void => {
    for (const address of [...this.#members.keys()]) this.close(address);
  };
}
