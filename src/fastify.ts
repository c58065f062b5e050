/** Locks for a Fastify application. */

export {
  type HoldfastPluginOptions,
  holdfast,
  type RouteLockOptions,
} from "./integrations/fastify/plugin.js";
export type { ContendedStatus } from "./integrations/http/refusal.js";
