import { LostError } from "./failure.js";
import type { ScriptClient, ScriptConnection } from "./script-client.js";

/** The smallest client that can be a node: any object with these two methods. */
export interface PlainClient {
  set(key: string, value: string, options: { NX?: boolean; PX?: number }): Promise<unknown>;
  eval(script: string, keys: string[], args: string[]): Promise<unknown>;
}

/**
 * ms after which a call counts as lost. A plain client cannot tell that its connection is gone, and may never settle what was
 * under way on it: then a release would never be repeated, and the node would owe a reply for ever.
 */
export const lostAfter = 10_000;

/** A plain client tells nothing about its connection: it always counts as ready, and its keyspace is unknown. */
export class PlainScriptClient implements ScriptClient {
  readonly keyspace = null;
  readonly sharded = false;
  /** Nobody knows when it writes. */
  readonly writesLater = true;
  readonly connection = "ready";
  /** It may use another connection for each call. */
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
      // Copies: the arrays are ours, what the client does to them is not.
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
    const lost = () => reject(new LostError(`no answer within ${lostAfter / 1_000} s: taken for lost`));
    const timer = setTimeout(lost, lostAfter);
    // In some environments a timer is a number.
    (timer as { unref?: () => void }).unref?.();
    call()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
