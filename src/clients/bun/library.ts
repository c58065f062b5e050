/** The part of Bun's `RedisClient` that is used here. */
export interface BunClient {
  readonly connected: boolean;
  onconnect?: unknown;
  onclose?: unknown;
  connect(): Promise<unknown>;
  close(): void;
  send(command: string, args: readonly string[]): Promise<unknown>;
  /** Resolves to a connected client with the same options. */
  duplicate(): Promise<BunClient>;
  /** Since version 1.2.23. */
  subscribe?(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe?(channel: string): Promise<unknown>;
}
