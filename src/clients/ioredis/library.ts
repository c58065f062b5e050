import type { Emitter } from "../connection-watch.js";

export type SendCommand = (...args: unknown[]) => Promise<unknown>;

export interface QueuedCommand {
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface IoredisCommand extends QueuedCommand {
  readonly promise: Promise<unknown>;
  reject(error: unknown): void;
}

interface CommandQueue {
  readonly length: number;
  peekAt(index: number): { readonly command: QueuedCommand } | undefined;
  remove(index: number, count: number): unknown;
}

/** The part of an ioredis client that is used here: versions 4 to 6. Sentinel mode uses the same class. */
export interface IoredisClient extends Emitter {
  readonly status: string;
  readonly options: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly path?: string | undefined;
    readonly tls?: unknown;
    readonly db?: number | undefined;
    readonly keyPrefix?: string | undefined;
    readonly sentinels?: readonly unknown[] | null | undefined;
    readonly name?: string | undefined;
    readonly retryStrategy?: unknown;
    /** Opens the connections in place of the client. */
    readonly Connector?: unknown;
  };
  readonly condition?: { readonly select?: number } | null | undefined;
  readonly stream?: { readonly writable?: boolean; destroy?(): unknown } | null | undefined;
  /** Commands that were written and are not answered yet, in order. */
  readonly commandQueue?: CommandQueue | undefined;
  /** Unanswered commands that the client sends again on the next connection. */
  readonly prevCommandQueue?: CommandQueue | null | undefined;
  connect(): Promise<unknown>;
  disconnect?(reconnect: boolean): void;
  flushQueue?(error: Error, queues: { readonly offlineQueue: boolean }): void;
  sendCommand(command: IoredisCommand): Promise<unknown>;
  duplicate?(overrides: object): unknown;
  /**
   * Commands created by this method are written at once, even if the client batches others (`enableAutoPipelining`).
   */
  createBuiltinCommand(name: string): { readonly string: SendCommand };
}

/** Who owns the connection; see {@link replaceIoredisConnection}. */
export type IoredisOwner = "user" | "holdfast" | "cluster";
