import { type SideKeys, sideKeysOf } from "../engine/protocol/side-keys.js";
import type { ScriptClient } from "./script-client.js";

/** Whether each call of a node concerns one hash slot, as servers in cluster mode demand. */
export class Sharding {
  /** Whether the client knows all servers of its Cluster, and so can follow redirections. */
  readonly byClient: boolean;
  /** Whether a client of one server leads to a Cluster of one master, which has all slots. */
  #soleMaster = false;
  #active: boolean;
  #sideKeys: SideKeys;

  constructor(private readonly client: Pick<ScriptClient, "sharded" | "keyspace">) {
    this.byClient = client.sharded ?? false;
    this.#active = this.byClient;
    this.#sideKeys = this.#keysOf(this.#active);
  }

  get active(): boolean {
    return this.#active;
  }

  get sideKeys(): SideKeys {
    return this.#sideKeys;
  }

  get soleMaster(): boolean {
    return this.#soleMaster;
  }

  /** Notes in which mode the server of a client of one server is. Another server may answer on each connection. */
  note(active: boolean, soleMaster = false): void {
    if (this.byClient) return;
    this.#soleMaster = soleMaster;
    if (active === this.#active) return;
    this.#active = active;
    this.#sideKeys = this.#keysOf(active);
  }

  #keysOf(active: boolean): SideKeys {
    return sideKeysOf(active, () => this.client.keyspace?.prefix ?? "");
  }
}
