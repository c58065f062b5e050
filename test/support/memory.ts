import { introductionScript } from "../../src/engine/protocol/script.js";
import { longLeasesKey, markerKey, sideKeysOf } from "../../src/engine/protocol/side-keys.js";
import { type CallOptions, callRedis } from "./call-redis.js";

/**
 * The server remembers from now on, as if it had been in use: a set that is as new as the tests' servers are would have
 * every process warn of that. One that cannot be written to stays as it is.
 */
export async function giveMemory(port: number, options: CallOptions = {}): Promise<void> {
  const keys = [markerKey, sideKeysOf(false).watermark(""), longLeasesKey];
  const introduce = (...change: readonly (string | number)[]) =>
    callRedis(
      port,
      ["EVAL", introductionScript, keys.length, ...keys, "given-by-tests", 0, ...change],
      options,
    );
  const change = async () => {
    const [, marker] = (await introduce()) as [string, string];
    await introduce(marker, "", 0, 0);
  };
  await change().catch(() => undefined);
}
