import type { Emitter } from "../connection-watch.js";

/** The part of a node-redis client (`createClient`) that is used here: versions 4 to 6. */
export interface NodeRedisClient extends Emitter {
  prependOnceListener(event: string, listener: () => void): unknown;
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: {
    readonly socket?: {
      readonly host?: string;
      readonly port?: number;
      readonly path?: string;
      readonly tls?: boolean;
      readonly reconnectStrategy?: unknown;
    };
    readonly database?: number;
    readonly pingInterval?: number | undefined;
  };
  /** Increases with each connection; since version 5. */
  readonly socketEpoch?: number;
  readonly _keyPrefix?: string;
  connect(): Promise<unknown>;
  destroy?(): unknown;
  /** Closes once everything is answered; since version 5. */
  close?(): unknown;
  duplicate?(overrides: object): unknown;
  sendCommand(args: readonly string[], options?: object): Promise<unknown>;
  /** The commands to be written or answered: since version 5.11, their number since 5.12. */
  _getQueue?(): { readonly pendingCount?: number; flushWaitingForReply(error: Error): void };
  /** Takes the connection, without its listeners, out of the client, which must be given one at once. */
  _ejectSocket?(): NodeRedisSocket;
  _insertSocket?(socket: NodeRedisSocket): void;
}

/** What a node-redis client keeps for all its connections: it opens one socket after the other. */
interface NodeRedisSocket {
  /** Ends the present socket. While the client connects, it then opens another one. */
  destroySocket(): void;
}

export interface ClusterMember {
  readonly address?: string;
  readonly client?: NodeRedisClient | undefined;
  /** Set while the member connects for the first time. */
  readonly connectPromise?: Promise<unknown> | undefined;
}

interface RootNode {
  readonly url?: string;
  readonly socket?: { readonly host?: string; readonly port?: number };
}

/** The part of a node-redis Cluster (`createCluster`) that is used here: versions 4 to 6. */
export interface NodeRedisCluster extends Emitter {
  readonly isOpen: boolean;
  readonly masters: readonly ClusterMember[];
  readonly slots: readonly ({ readonly master: ClusterMember } | undefined)[];
  readonly nodeByAddress: ReadonlyMap<string, ClusterMember>;
  readonly _keyPrefix?: string;
  readonly _options?: { readonly rootNodes?: readonly RootNode[] };
  readonly _slots?: { rediscover?(startWith: NodeRedisClient): Promise<unknown> };
  connect(): Promise<unknown>;
  nodeClient(member: ClusterMember): NodeRedisClient | Promise<NodeRedisClient>;
}
