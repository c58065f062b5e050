/** A process whose locks are spread over groups of nodes. Answers `{ refused }` if this build refuses the option `groups`. */
import "../production.mjs";
import { connectAll } from "../clients.mjs";
import { load } from "../load.mjs";
import { fresh } from "../systems/managed.mjs";
import { serve } from "./serve.mjs";

serve(async ({ groups, callers, warmUp }) => {
  const { createLocks } = await import("holdfast");
  const connections = await Promise.all(groups.map((ports) => connectAll("ioredis", ports)));
  // Locks with other groups are locks of their own, so they have a prefix of their own.
  const settings = { ttl: 10_000, prefix: `${groups.length} groups:` };
  let locks;
  try {
    locks = createLocks({ groups: connections.map(({ clients }) => clients), ...settings });
  } catch (error) {
    if (error.code !== "INVALID_OPTION") throw error;
    return () => ({ refused: error.message });
  }
  const acquire = fresh(locks);
  await load({ acquire, callers, duration: warmUp });
  return (order) => load({ acquire, ...order });
});
