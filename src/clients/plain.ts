import { LostError } from "./failure.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";

/** The smallest client that can be a node: any object with these two methods. */
export interface PlainClient {
  set(key: string, value: string, options: { NX?: boolean; PX?: number }): Promise<unknown>;
  eval(script: string, keys: string[], args: string[]): Promise<unknown>;
}

/**
 * ms after which a call counts as lost. A plain client cannot report that its connection is gone, and may never settle
 * the calls on it: then a release would never be repeated, and the node's call would stay pending forever.
 */
export const lostAfter = 10_000;

/**
 * A plain client reports nothing about its connection: the connection always counts as ready, and the keyspace is
 * unknown.
 */
export class PlainScriptClient implements ScriptClient {
  readonly keyspace = null;
  readonly sharded = false;
  /** It is unknown when the client writes. */
  readonly writesLater = true;
  readonly connection = "ready";
  /** The client may use another connection for each call. */
  readonly opaque = true;
  readonly trouble = "";
  readonly #connection: ScriptConnection;

  constructor(
    client: PlainClient,
    readonly name: string,
  ) {
    this.#connection = {
      ready: true,
      evalsha: null,
      // Passes copies, because the client might modify the arrays.
      eval: (script, keys, args) => bounded(async () => client.eval(script, [...keys], [...args])),
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

function bounded<T>(call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new LostError(`no answer within ${lostAfter / 1_000} s: treated as lost`));
    const timer = setTimeout(lost, lostAfter);
    // In some environments a timer is a number.
    (timer as { unref?: () => void }).unref?.();
    call()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
