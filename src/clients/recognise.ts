import type { LockNode } from "../engine/node/lock-node.js";
import { InvalidOptionError, isHoldfastError } from "../errors.js";
import { AddressScriptClient } from "./address.js";
import { BunScriptClient } from "./bun/client.js";
import type { BunClient } from "./bun/library.js";
import { GlideScriptClient } from "./glide/client.js";
import type { GlideClient } from "./glide/library.js";
import { IoredisScriptClient } from "./ioredis/client.js";
import { type IoredisCluster, IoredisClusterScriptClient } from "./ioredis/cluster.js";
import type { IoredisClient } from "./ioredis/library.js";
import type { NodeInput } from "./node-input.js";
import { NodeRedisScriptClient } from "./node-redis/client.js";
import { NodeRedisClusterScriptClient } from "./node-redis/cluster.js";
import type { NodeRedisClient, NodeRedisCluster } from "./node-redis/library.js";
import { type NodeRedisSentinel, NodeRedisSentinelScriptClient } from "./node-redis/sentinel.js";
import { NodeRedis3ScriptClient } from "./node-redis/v3-client.js";
import type { NodeRedis3Client } from "./node-redis/v3-library.js";
import { PlainScriptClient } from "./plain.js";
import { type EvalClient, upstash } from "./plain-eval.js";
import { RedisNode } from "./redis-node.js";
import type { ScriptClient } from "./script-client.js";

const accepted =
  "a client of ioredis or node-redis (single, Cluster or Sentinel), of iovalkey, Valkey GLIDE, Bun or @upstash/redis, an " +
  "object with set(key, value, { NX, PX }) and eval(script, keys, args), a redis:// or rediss:// address, or a node such " +
  "as memoryNode() or redisNode(client)";

/**
 * Returns the node for an entry of `nodes`. Clients are recognised by their methods, never by their class, so that
 * copies, subclasses and wrappers of any version work and no library is loaded. `list` names the list in errors. Throws
 * InvalidOptionError for "nodes[index]".
 */
export function recogniseNode(input: NodeInput, index: number, list = "nodes"): LockNode {
  const option = `${list}[${index}]`;
  if (typeof input === "string") return new RedisNode(new AddressScriptClient(input, option));
  if ((typeof input !== "object" && typeof input !== "function") || input === null) {
    throw new InvalidOptionError(option, input, accepted);
  }
  const shape = input as unknown as Shape;
  try {
    if (isNode(shape)) return shape;
    const reason = whyNot(shape);
    if (reason !== null) throw new InvalidOptionError(option, reason.given, `${accepted} (${reason.advice})`);
    return new RedisNode(
      clientOf(shape, option, list === "nodes" ? `client ${index}` : `${list} client ${index}`),
    );
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    // The input looks like a client, but throws when its properties are read.
    throw new InvalidOptionError(option, input, accepted);
  }
}

/**
 * One adapter per client object, shared by all managers, so that listeners are attached once and the state is kept
 * once.
 */
const adapters = new WeakMap<object, ScriptClient>();

/** An untrusted object with arbitrary properties. */
type Shape = Readonly<Record<string, unknown>>;

const can = (shape: Shape, ...methods: readonly string[]): boolean =>
  methods.every((method) => typeof shape[method] === "function");

const isNode = (shape: Shape): shape is Shape & LockNode =>
  typeof shape.name === "string" && can(shape, "execute", "identify", "watch", "connect", "close");

function clientOf(shape: Shape, option: string, name: string): ScriptClient {
  const known = adapters.get(identityOf(shape));
  if (known !== undefined) return known;
  const client = libraryClientOf(shape, name);
  if (client !== null) {
    adapters.set(identityOf(shape), client);
    return client;
  }
  if (isUpstash(shape)) return new PlainScriptClient(asEval(shape), hostOf(shape) ?? name, upstash);
  if (can(shape, "set", "eval")) return new PlainScriptClient(asEval(shape), name);
  throw new InvalidOptionError(option, describe(shape), accepted);
}

/** node-redis hands out several objects for one client. */
const identityOf = (shape: Shape): object => (typeof shape._self === "object" && shape._self) || shape;

/** The casts are intended: the shape was recognised, so the client is taken to be what its shape says. */
function libraryClientOf(shape: Shape, name: string): ScriptClient | null {
  if (typeof shape.status === "string" && can(shape, "createBuiltinCommand", "evalsha", "on", "off")) {
    if (shape.isCluster === true) {
      return new IoredisClusterScriptClient(shape as unknown as IoredisCluster);
    }
    return new IoredisScriptClient(shape as unknown as IoredisClient);
  }
  if (typeof shape.isOpen === "boolean" && can(shape, "sendCommand", "evalSha", "on", "off")) {
    if (can(shape, "nodeClient")) {
      return new NodeRedisClusterScriptClient(shape as unknown as NodeRedisCluster);
    }
    if (can(shape, "getMasterNode", "_execute")) {
      return new NodeRedisSentinelScriptClient(shape as unknown as NodeRedisSentinel);
    }
    if (typeof shape.isReady === "boolean") {
      return new NodeRedisScriptClient(shape as unknown as NodeRedisClient);
    }
  }
  if (isNodeRedis3(shape)) return new NodeRedis3ScriptClient(shape as unknown as NodeRedis3Client);
  if (can(shape, "customCommand", "invokeScript", "close")) {
    // Only a Cluster has the commands of sharded channels.
    return new GlideScriptClient(shape as unknown as GlideClient, can(shape, "pubsubShardChannels"));
  }
  if (isBunClient(shape)) return new BunScriptClient(shape as unknown as BunClient, name);
  return null;
}

/** Explains why an object that looks like a client is not usable; null if no reason is known. */
function whyNot(shape: Shape): { readonly given: string; readonly advice: string } | null {
  if (can(shape, "then")) {
    return { given: "a promise", advice: "await it first: nodes: [await client.connect()]" };
  }
  if (typeof shape.module === "string" || shape.module instanceof URL) {
    return {
      given: "a module",
      advice: 'modules are for the worker of renewal: "worker": import the client, and pass that',
    };
  }
  if (typeof shape === "function") {
    return { given: "a class or function", advice: "create a client and pass that" };
  }
  if (isPipeline(shape)) {
    return { given: "a transaction or pipeline", advice: "pass the client that it was made of" };
  }
  if (typeof shape.totalClients === "number" && can(shape, "execute")) {
    return {
      given: "a pool of node-redis clients",
      advice:
        "a pool spreads commands over several connections, so that their order is not kept: pass createClient()",
    };
  }
  // Its Lua lacks functions that the scripts need.
  if (shape.shaScripts !== undefined && can(shape, "defineCommand")) {
    return {
      given: "a client of ioredis-mock",
      advice: "it cannot run the scripts: use memoryNode() in tests",
    };
  }
  if (isNodeRedis3(shape)) {
    if (optionsOf(shape).retry_unfulfilled_commands !== true) return null;
    return {
      given: "a client with retry_unfulfilled_commands",
      advice: "it would send commands again that were given up long ago: create it without",
    };
  }
  if (isCallbackClient(shape)) {
    return {
      given: "a client in a legacy mode, with callbacks",
      advice: "pass the client itself, which returns promises",
    };
  }
  if (shape.mode === "subscriber" || shape.mode === "monitor") {
    return {
      given: `a client in ${shape.mode} mode`,
      advice: "such a connection takes no other commands: pass client.duplicate()",
    };
  }
  return null;
}

/** The `RedisClient` of Bun. */
const isBunClient = (shape: Shape): boolean =>
  typeof shape.connected === "boolean" && can(shape, "set", "send", "connect", "close", "duplicate");

const isPipeline = (shape: Shape): boolean =>
  shape.isPipeline === true ||
  can(shape, "exec", "addCommand") ||
  can(shape, "execAsPipeline") ||
  // A client of @upstash/redis has the methods of its pipelines too.
  (can(shape, "exec", "length", "evalsha") && !isUpstash(shape));

/** `Redis` of @upstash/redis. */
const isUpstash = (shape: Shape): boolean => can(shape, "eval", "evalsha", "autoPipeline", "pipeline");

const asEval = (shape: Shape): EvalClient => shape as unknown as EvalClient;

/** The host that a client over HTTP sends its requests to. */
function hostOf({ client }: Shape): string | null {
  const { baseUrl } = (client ?? {}) as Shape;
  return typeof baseUrl === "string" && URL.canParse(baseUrl) ? new URL(baseUrl).host : null;
}

/** node-redis 2.6 to 3. */
const isNodeRedis3 = (shape: Shape): boolean =>
  typeof shape.ready === "boolean" && can(shape, "internal_send_command", "evalsha", "eval", "on", "off");

const optionsOf = (shape: Shape): Shape =>
  typeof shape.options === "object" && shape.options !== null ? (shape.options as Shape) : {};

/** node-redis 4 in legacy mode, a `legacy()` client of later versions, and similar clients. */
const isCallbackClient = (shape: Shape): boolean =>
  optionsOf(shape).legacyMode === true ||
  (can(shape, "send_command", "set") && typeof shape.status !== "string") ||
  (can(shape, "sendCommand", "SET", "EVAL") && typeof shape.isOpen !== "boolean");

function describe(shape: Shape): string {
  const name: unknown = Object.getPrototypeOf(shape)?.constructor?.name;
  return typeof name === "string" && name !== "Object"
    ? `an object of class ${name}`
    : "an object without these methods";
}
