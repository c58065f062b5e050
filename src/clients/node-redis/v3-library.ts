import type { Emitter } from "../connection-watch.js";

type Reply = (error: Error | null, reply: unknown) => void;

/**
 * The part of a node-redis client with callbacks that is used here: versions 2.6 to 3. Such a client connects by
 * itself.
 */
export interface NodeRedis3Client extends Emitter {
  readonly ready: boolean;
  readonly connected?: boolean;
  readonly closing: boolean;
  readonly address?: string;
  readonly selected_db?: number | undefined;
  readonly stream?: { readonly writable?: boolean; end?(): unknown; destroy?(): unknown } | null;
  /** Commands that were written and are not answered yet, in order. */
  readonly command_queue?: {
    readonly length: number;
    get(index: number): { readonly command: string; readonly args: readonly unknown[] } | undefined;
  };
  readonly options?: {
    readonly prefix?: string | undefined;
    readonly db?: number | string | undefined;
    readonly tls?: unknown;
    readonly stream?: unknown;
  };
  /** Where the client connects to; empty if it was given a stream. */
  readonly connection_options?: {
    readonly host?: string | undefined;
    readonly port?: number | string | undefined;
  };
  duplicate?(overrides: object): unknown;
  evalsha(args: readonly string[], reply: Reply): unknown;
  eval(args: readonly string[], reply: Reply): unknown;
}
