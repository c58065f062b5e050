import { introductionScript } from "../../src/engine/script.js";
import { markerKey, sideKeysOf } from "../../src/engine/side-keys.js";
import { type CallOptions, callRedis } from "./call-redis.js";

/**
 * The server remembers from now on, as if it had been in use: a set that is as new as the tests' servers are would have
 * every process warn of that. One that cannot be written to stays as it is.
 */
export async function giveMemory(port: number, options: CallOptions = {}): Promise<void> {
  const keys = [markerKey, sideKeysOf(false).watermark("")];
  const command = ["EVAL", introductionScript, keys.length, ...keys, "given-by-tests", "", 0, 0, 0] as const;
  await callRedis(port, [...command], options).catch(() => undefined);
}
