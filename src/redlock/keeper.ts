import { InvalidOptionError } from "../errors.js";
import { checkTtl } from "../manager/check.js";
import type { Hold } from "../manager/hold.js";
import type { Lock } from "../manager/lock.js";
import { Manager } from "../manager/manager.js";
import type { LocksOptions } from "../manager/options.js";
import type { Settings } from "../manager/settings.js";
import { type Audience, LockWitness } from "./lock-witness.js";
import type { Operation } from "./operation.js";

/** A lock that is held here. */
export interface Held {
  readonly lock: Lock;
  readonly hold: Hold;
  readonly witness: LockWitness;
}

/** What an acquisition may want besides. */
export type Wishes = Partial<
  Pick<Settings, "retry" | "renew" | "renewBefore" | "driftFactor" | "entrusted" | "onLost">
>;

type Resources = readonly string[];

/**
 * The manager as the Redlock class needs it: a lock is named by what stands in its keys, because that is all that
 * programs of Redlock have, also in other processes.
 */
export class Keeper {
  readonly manager: Manager;
  readonly #held = new Map<string, Held>();

  constructor(options: LocksOptions) {
    this.manager = new Manager(options);
  }

  /** How many vote. */
  get nodes(): number {
    return this.manager.ground.engine.seats.length;
  }

  find(resources: Resources, token: string): Held | null {
    return this.#held.get(nameOf(resources, token)) ?? null;
  }

  acquire(
    resources: Resources,
    ttl: number,
    wishes: Wishes,
    audience: Audience,
    operation: Operation,
  ): Promise<Held> {
    return this.#acquire(resources, ttl, wishes, audience, operation, null);
  }

  /** One attempt, in the name of a token that the user gave; it must stand nowhere yet. */
  take(
    resources: Resources,
    token: string,
    ttl: number,
    audience: Audience,
    operation: Operation,
  ): Promise<Held> {
    const origin = { kind: "given", token: checkToken(token) } as const;
    return this.#acquire(resources, ttl, { retry: once }, audience, operation, origin);
  }

  /**
   * Extends what is held under that token: here, or, where nothing is, on the nodes, if a quorum of them still holds
   * it; that is then a lease of its own.
   */
  async renew(
    resources: Resources,
    token: string,
    ttl: number,
    wishes: Wishes,
    audience: Audience,
    operation: Operation,
  ): Promise<Held> {
    const held = this.find(resources, checkToken(token));
    if (held === null) {
      const origin = { kind: "shared", token } as const;
      return this.#acquire(resources, ttl, { ...wishes, retry: once }, audience, operation, origin);
    }
    checkTtl(ttl);
    await held.witness.during(operation, () => held.lock.renew(held.hold, ttl));
    return held;
  }

  /** Releases what is held under that token, here or elsewhere. `operation` knows what came of it. */
  async release(
    resources: Resources,
    token: string,
    audience: Audience,
    operation: Operation,
  ): Promise<void> {
    const held = this.find(resources, checkToken(token));
    if (held !== null) {
      const outcome = await held.witness.during(operation, () => held.lock.release(held.hold));
      if (outcome === "released") return;
    }
    const { keys } = this.manager.lock(resources);
    const { engine, nodeTimeout } = this.manager.ground;
    await this.manager.meet();
    const claim = engine.claimAs(keys, token, "shared");
    claim.keep();
    const witness = new LockWitness(audience, keys.length, () => {});
    const release = new Promise<void>((resolve) => {
      claim.release(nodeTimeout, (result) => {
        witness.round("release", result);
        resolve();
      });
    });
    await witness.during(operation, () => release);
  }

  async #acquire(
    resources: Resources,
    ttl: number,
    wishes: Wishes,
    audience: Audience,
    operation: Operation,
    origin: Parameters<Lock["acquire"]>[1],
  ): Promise<Held> {
    const lock = this.manager.lock(resources);
    const settings = this.manager.settings({ ttl, renew: false, wait: Number.POSITIVE_INFINITY });
    const witness = new LockWitness(audience, resources.length, this.#forget);
    const wanted = { ...settings, entrusted: true, ...wishes, witness };
    const hold = await witness.during(operation, () => lock.acquire(wanted, origin ?? null));
    const held = { lock, hold, witness };
    if (hold.end === null) this.#held.set(nameOf(resources, hold.claim.token), held);
    return held;
  }

  readonly #forget = (hold: Hold) => {
    const name = nameOf(hold.resources, hold.claim.token);
    if (this.#held.get(name)?.hold === hold) this.#held.delete(name);
  };
}

const once = () => false as const;

const nameOf = (resources: Resources, token: string) => JSON.stringify([token, ...resources]);

function checkToken(token: unknown): string {
  if (typeof token === "string" && token !== "") return token;
  throw new InvalidOptionError("value", typeof token, "the non-empty string that stands in the lock's keys");
}
