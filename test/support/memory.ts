import { identificationScript } from "../../src/engine/protocol/script.js";
import { longLeasesKey, markerKey, sideKeysOf } from "../../src/engine/protocol/side-keys.js";
import { type CallOptions, callRedis } from "./call-redis.js";

/**
 * Gives a server a memory, as if it had been in use before: with new servers, every process would print a warning. Does
 * nothing if the server refuses writes.
 */
export async function giveMemory(port: number, options: CallOptions = {}): Promise<void> {
  const keys = [markerKey, sideKeysOf(false).watermark(""), longLeasesKey];
  const identify = (...change: readonly (string | number)[]) =>
    callRedis(
      port,
      ["EVAL", identificationScript, keys.length, ...keys, "given-by-tests", 0, ...change],
      options,
    );
  const change = async () => {
    const [, marker] = (await identify()) as [string, string];
    await identify(marker, "", 0, 0);
  };
  await change().catch(() => undefined);
}
