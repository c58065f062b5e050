import type { Redis } from "ioredis";
import { setsKey } from "../../src/engine/protocol/side-keys.js";

const script = `
local ms, left = tonumber(ARGV[1]), redis.call('PTTL', KEYS[1])
local record = redis.call('HGETALL', KEYS[1])
for index = 1, #record, 2 do
  redis.call('HSET', KEYS[1], record[index], string.format('%.0f', record[index + 1] - ms))
end
if left > ms then redis.call('PEXPIRE', KEYS[1], left - ms) elseif left >= 0 then redis.call('DEL', KEYS[1]) end
`;

/** Moves the times in a server's record of sets into the past. The server's own clock keeps running. */
export const ageSets = (client: Redis, ms: number): Promise<unknown> => client.eval(script, 1, setsKey, ms);
