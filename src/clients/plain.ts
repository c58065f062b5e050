import type { ScriptClient, ScriptConnection } from "./script-client.js";

/** The smallest client that can be a node: any object with these two methods. */
export interface PlainClient {
  set(key: string, value: string, options: { NX?: boolean; PX?: number }): Promise<unknown>;
  eval(script: string, keys: string[], args: string[]): Promise<unknown>;
}

/** A plain client tells nothing about its connection: it always counts as ready, and its keyspace is unknown. */
export class PlainScriptClient implements ScriptClient {
  readonly keyspace = null;
  readonly sharded = false;
  /** Nobody knows when it writes. */
  readonly writesLater = true;
  readonly connection = "ready";
  readonly trouble = "";
  readonly #connection: ScriptConnection;

  constructor(
    client: PlainClient,
    readonly name: string,
  ) {
    this.#connection = {
      ready: true,
      evalsha: null,
      // Copies: the arrays are ours, what the client does to them is not.
      eval: async (script, keys, args) => client.eval(script, [...keys], [...args]),
    };
  }

  watch(): () => void {
    return () => {};
  }

  connect(): void {}

  async close(): Promise<void> {}

  route(): ScriptConnection {
    return this.#connection;
  }
}
