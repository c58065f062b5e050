/** A process whose locks are spread over groups of nodes. Answers `{ refused }` if this build refuses the option `groups`. */
import "../production.mjs";
import { connectAll } from "../clients.mjs";
import { load } from "../load.mjs";
import { fresh } from "../systems/managed.mjs";
import { serve } from "./serve.mjs";

serve(async ({ groups, callers, warmUp }) => {
  const { createLocks } = await import("holdfast");
  const connections = await Promise.all(groups.map((ports) => connectAll("ioredis", ports)));
  let locks;
  try {
    locks = createLocks({ groups: connections.map(({ clients }) => clients), ttl: 10_000 });
  } catch (error) {
    if (error.code !== "INVALID_OPTION") throw error;
    return () => ({ refused: error.message });
  }
  const acquire = fresh(locks);
  await load({ acquire, callers, duration: warmUp });
  return ({ duration }) => load({ acquire, callers, duration });
});
