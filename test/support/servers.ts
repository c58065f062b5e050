export { callRedis } from "./call-redis.js";
export { type RedisCluster, startCluster } from "./cluster.js";
export { type RedisSentinelSet, startSentinel } from "./sentinel.js";
export type { RedisServer, ServerOptions } from "./server.js";
export { startServer } from "./start-server.js";
export { waitUntil } from "./wait-until.js";
