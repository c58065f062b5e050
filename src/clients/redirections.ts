import { redirectAddress } from "./cluster.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";

/** Redirections that one call follows, in case its slot keeps moving. */
export const maxRedirections = 3;

/** Used where there is no connection. */
export const unconnected: ScriptConnection = {
  ready: false,
  evalsha: null,
  eval: () => Promise.reject(new Error("not connected")),
};

/** Finds the servers of a Cluster to which others redirect. */
export class Redirections {
  constructor(private readonly client: ScriptClient) {}

  /**
   * The connection to a key's new server. Refreshes the client's slots, so that later calls are sent there directly.
   */
  async newOwner(error: unknown, key: string): Promise<ScriptConnection> {
    const address = redirectAddress(error);
    const refreshed = this.client.refresh?.(key, address);
    const known = await this.client.at?.(address);
    if (known) return known;
    await refreshed;
    // The server that was asked for the slots may not know the move yet, unlike the server that sent the redirection.
    return (await this.#connectionTo(address)) ?? (await this.client.route(key)) ?? unconnected;
  }

  /** The connection to the server that imports a slot. The client does not know a server without slots. */
  async importer(error: unknown): Promise<ScriptConnection> {
    return (await this.#connectionTo(redirectAddress(error))) ?? unconnected;
  }

  async #connectionTo(address: string): Promise<ScriptConnection | null> {
    return (await this.client.at?.(address)) ?? (await this.client.open?.(address)) ?? null;
  }
}
