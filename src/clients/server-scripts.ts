import { integer, text } from "../engine/protocol/decoding.js";
import { messageOf } from "../engine/protocol/error-message.js";
import { decodeIdentification, encodeIdentification } from "../engine/protocol/identification.js";
import type { Identification, MemoryChange } from "../engine/protocol/memory.js";
import { NewerMemoryError } from "../engine/protocol/protocol-version.js";
import {
  isLuaFault,
  LastingError,
  lastingRefusal,
  luaFault,
  oneOfCluster,
} from "../engine/protocol/refusal.js";
import {
  clusterSizeScript,
  identificationScript,
  publishScript,
  runIdScript,
  setsInUseScript,
} from "../engine/protocol/script.js";
import type { SetRecord } from "../engine/protocol/set-record.js";
import { decodeSetRecord } from "../engine/protocol/sets-in-use.js";
import { longLeasesKey, markerKey, probeKey, setsKey, watermarkKey } from "../engine/protocol/side-keys.js";
import type { ConnectionReplacer } from "./connection-replacer.js";
import { LostError, notReady, serverCode } from "./failure.js";
import { maxRedirections, type Redirections, unconnected } from "./redirections.js";
import type { ScriptClient } from "./script-client.js";
import type { Sharding } from "./sharding.js";

const noPermission = /^NOPERM|can't run this command/;

/** In a Cluster: the number of routing keys for PUBLISH, tried in rotation until one leads to a server with subscribers. */
const publishSlots = 32;

/** The error of a server that could not be identified. */
function identificationError(error: unknown): Error {
  if (error instanceof LastingError) return error;
  const message = messageOf(error);
  if (isLuaFault(message)) return new LastingError(luaFault(message));
  return lastingRefusal(message) ? new LastingError(message) : new Error(message);
}

/** The scripts that concern a server rather than a lock. */
export class ServerScripts {
  #publishSlot = 0;

  constructor(
    private readonly client: ScriptClient,
    private readonly sharding: Sharding,
    private readonly replacer: ConnectionReplacer,
    private readonly redirections: Redirections,
  ) {}

  async publish(channel: string, message: string): Promise<number> {
    const { name } = this.client;
    const key = `${channel}:${this.#publishSlot}`;
    const run = () => this.#run(publishScript, this.sharding.active ? [key] : [], [channel, message], key);
    const reply = await run().catch((error: unknown) => {
      throw new Error(`${name}: ${messageOf(error)}`);
    });
    const receivers = integer(reply);
    if (receivers === null) throw new Error(`${name}: not the reply to PUBLISH`);
    // All servers of a Cluster pass the message on, but each counts only its own subscribers.
    if (receivers === 0) this.#publishSlot = (this.#publishSlot + 1) % publishSlots;
    return receivers;
  }

  async identify(id: string, change: MemoryChange | null, age: number): Promise<Identification> {
    const whole = () => this.#identifyWhole(encodeIdentification(id, change, age));
    // An access list may permit no keys beside the locks. The run id may be forbidden as well.
    const alone = () => this.#identifyAlone();
    for (const run of [whole, alone]) {
      try {
        return decodeIdentification(await run());
      } catch (error) {
        if (error instanceof NewerMemoryError) throw error;
        if (noPermission.test(messageOf(error))) continue;
        if (!(error instanceof LostError) && (await this.client.examine?.()))
          return this.identify(id, change, age);
        throw identificationError(error);
      }
    }
    return { runId: null, id: null, memory: null };
  }

  /** A server in cluster mode refuses keys of several hash slots, and is then asked like a Cluster. */
  async #identifyWhole(args: readonly string[]): Promise<unknown> {
    const { sharding } = this;
    if (sharding.byClient) return this.#run(identificationScript, [probeKey], args);
    try {
      const reply = await this.#run(identificationScript, [markerKey, watermarkKey, longLeasesKey], args);
      sharding.note(false);
      return reply;
    } catch (error) {
      if (serverCode(error) !== "CROSSSLOT") throw error;
    }
    await this.#findMasters();
    return this.#run(identificationScript, [probeKey], args);
  }

  /** @throws LastingError if the server has only some of the hash slots of its Cluster. */
  async #findMasters(): Promise<void> {
    const { sharding } = this;
    try {
      const masters = integer(await this.#run(clusterSizeScript, [probeKey], []));
      sharding.note(true, masters === 1);
      if (masters !== null && masters > 1) throw new LastingError(oneOfCluster());
    } catch (error) {
      // The only master may have failed over.
      if (serverCode(error) === "MOVED" && !sharding.soleMaster)
        throw new LastingError(oneOfCluster(messageOf(error)));
      throw error;
    }
  }

  async #identifyAlone(): Promise<unknown> {
    const { sharding } = this;
    const reply = await this.#run(runIdScript, sharding.byClient ? [probeKey] : [], []);
    const [runId, mode] = Array.isArray(reply) ? reply : [reply];
    sharding.note(text(mode ?? "") === "cluster");
    return [runId];
  }

  /** The servers of a Cluster have no record, and a watermark for each hash slot. */
  async recordSets(sets: string, former: string, watermark: number): Promise<SetRecord> {
    if (this.sharding.active) return { watermark: 0, uses: [] };
    const keys = [setsKey, watermarkKey, markerKey];
    return decodeSetRecord(await this.#run(setsInUseScript, keys, [sets, former, String(watermark)]));
  }

  /** Runs a script on the server; in a Cluster on the server that has the key. */
  async #run(
    script: string,
    keys: readonly string[],
    args: readonly string[],
    routingKey = probeKey,
  ): Promise<unknown> {
    let to = (await this.client.route(routingKey)) ?? unconnected;
    for (let redirections = 0; ; redirections++) {
      if (!to.ready) throw new Error(notReady(this.client).message);
      try {
        const reply = await to.eval(script, keys, args);
        // A replica may answer this script too, so the reply resets only the backoff.
        this.replacer.answered();
        return reply;
      } catch (error) {
        this.replacer.noteRefusal(messageOf(error));
        const code = serverCode(error);
        if (
          (code !== "MOVED" && code !== "ASK") ||
          !this.sharding.byClient ||
          redirections === maxRedirections
        )
          throw error;
        to = await (code === "ASK"
          ? this.redirections.importer(error)
          : this.redirections.newOwner(error, routingKey));
        if (code === "ASK" && to.ready) to.asking?.();
      }
    }
  }
}
