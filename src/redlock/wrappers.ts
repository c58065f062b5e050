import { testSafely } from "../support/untrusted.js";
import type { Client, EvalResult, RedisClient, SetOptions, SetResult } from "./types.js";

/** The part of an ioredis client that is used here. */
interface Ioredis {
  set(key: string, value: string, px: "PX", ttl: number, nx: "NX"): Promise<SetResult>;
  eval(script: string, numberOfKeys: number, ...keysAndArgs: (string | number)[]): Promise<EvalResult>;
  get(key: string): Promise<string | null>;
  pttl(key: string): Promise<number>;
}

/** The part of a node-redis client that is used here. */
interface NodeRedis {
  set(key: string, value: string, options: { NX: true; PX: number }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  get(key: string): Promise<unknown>;
  pTTL(key: string): Promise<unknown>;
}

/** As in node-redlock: wraps an ioredis client in the four calls. */
export class IoredisClient implements RedisClient {
  constructor(readonly client: Ioredis) {}

  set(key: string, value: string, { PX }: SetOptions): Promise<SetResult> {
    return this.client.set(key, value, "PX", PX, "NX");
  }

  eval(script: string, keys: string[], args: string[]): Promise<EvalResult> {
    return this.client.eval(script, keys.length, ...keys, ...args);
  }

  get(resource: string): Promise<string | null> {
    return this.client.get(resource);
  }

  /** ms until the key expires; -2 if the key does not exist, -1 if it never expires. */
  getTTL(resource: string): Promise<number> {
    return this.client.pttl(resource);
  }
}

/**
 * As in node-redlock: wraps a node-redis client in the four calls. Unlike there, each call waits for the server's
 * reply.
 */
export class RedisjsClient implements RedisClient {
  constructor(readonly client: NodeRedis) {}

  async set(key: string, value: string, { PX }: SetOptions): Promise<SetResult> {
    return (await this.client.set(key, value, { NX: true, PX })) as SetResult;
  }

  async eval(script: string, keys: string[], args: string[]): Promise<EvalResult> {
    return this.client.eval(script, { keys, arguments: args.map(String) });
  }

  async get(resource: string): Promise<string | null> {
    return (await this.client.get(resource)) as string | null;
  }

  /** ms until the key expires; -2 if the key does not exist, -1 if it never expires. */
  async getTTL(resource: string): Promise<number> {
    return Number(await this.client.pTTL(resource));
  }
}

/**
 * Returns the client inside one of our wrappers, unless its methods were replaced; returns any other client unchanged.
 */
export function unwrap(client: Client): Client {
  for (const Wrapper of [IoredisClient, RedisjsClient]) {
    if (!testSafely(() => client instanceof Wrapper)) continue;
    const { set, eval: evaluate } = Wrapper.prototype as RedisClient;
    const intact = (client as RedisClient).set === set && (client as RedisClient).eval === evaluate;
    if (intact) return client.client;
  }
  return client;
}
