import type { Origin } from "../engine/claim.js";
import { InvalidOptionError } from "../errors.js";
import { checkTtl } from "../manager/check.js";
import type { Hold } from "../manager/hold.js";
import type { Lock } from "../manager/lock.js";
import { Manager } from "../manager/manager.js";
import type { LocksOptions } from "../manager/options.js";
import type { Settings } from "../manager/settings.js";
import { LockWitness } from "./lock-witness.js";
import type { Operation } from "./operation.js";

/** A lock that is held here. */
export interface Held {
  /** What it is found by. */
  readonly name: string;
  readonly lock: Lock;
  readonly hold: Hold;
  readonly witness: LockWitness;
  /** Those of its tenure: each extension may bring a drift of its own. */
  readonly settings: { driftFactor: number };
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
  readonly #usual: Settings;

  constructor(options: LocksOptions) {
    this.manager = new Manager(options);
    this.#usual = { ...this.manager.settings(), ...usual };
  }

  /** How many vote. */
  get nodes(): number {
    return this.manager.ground.engine.seats.length;
  }

  find(resources: Resources, token: string): Held | null {
    const held = this.#held.get(token);
    if (held !== undefined && sameAs(resources, held.hold.resources)) return held;
    return this.#held.get(nameOf(resources, token)) ?? null;
  }

  async acquire(
    resources: Resources,
    ttl: number,
    wishes: Wishes,
    operation: Operation,
    origin: Origin | null = null,
  ): Promise<Held> {
    const lock = this.manager.lock(resources);
    const witness = new LockWitness(operation, this.#forget);
    this.manager.checkOpen();
    const settings = { ...this.#usual, ttl: checkTtl(ttl), ...wishes, witness };
    const hold = await lock.acquire(settings, origin);
    witness.end(operation);
    // A token that was made here is nobody else's name.
    const name = origin === null ? hold.claim.token : nameOf(lock.resources, hold.claim.token);
    const held = { name, lock, hold, witness, settings };
    if (hold.end === null) this.#held.set(name, held);
    return held;
  }

  /** One attempt, in the name of a token that the user gave; it must stand nowhere yet. */
  async take(resources: Resources, token: string, ttl: number, operation: Operation): Promise<Held> {
    return this.acquire(resources, ttl, { retry: once }, operation, {
      kind: "given",
      token: checkToken(token),
    });
  }

  /**
   * Extends what is held under that token: here, or, where nothing is, on the nodes, if a quorum of them still holds
   * it; that is then a lease of its own.
   */
  async renew(
    resources: Resources,
    token: string,
    ttl: number,
    driftFactor: number,
    operation: Operation,
  ): Promise<Held> {
    const held = this.find(resources, checkToken(token));
    if (held === null) {
      return this.acquire(resources, ttl, { driftFactor, retry: once }, operation, { kind: "shared", token });
    }
    checkTtl(ttl);
    held.settings.driftFactor = driftFactor;
    held.witness.begin(operation);
    try {
      await held.lock.renew(held.hold, ttl);
    } finally {
      held.witness.end(operation);
    }
    return held;
  }

  /** Releases what is held under that token, here or elsewhere. `operation` knows what came of it. */
  async release(resources: Resources, token: string, operation: Operation): Promise<void> {
    const held = this.find(resources, checkToken(token));
    if (held !== null) {
      held.witness.begin(operation);
      if ((await held.lock.release(held.hold)) === "released") return;
      held.witness.end(operation);
    }
    const { keys } = this.manager.lock(resources);
    const { engine, nodeTimeout } = this.manager.ground;
    await this.manager.meet();
    const claim = engine.claimAs(keys, token, "shared");
    claim.keep();
    const witness = new LockWitness(operation, () => {});
    await new Promise<void>((resolve) => {
      claim.release(nodeTimeout, (result) => {
        witness.round("release", result);
        resolve();
      });
    });
  }

  readonly #forget = (hold: Hold) => {
    const held = this.find(hold.resources, hold.claim.token);
    if (held?.hold === hold) this.#held.delete(held.name);
  };
}

/** A lock of Redlock's is waited for by its retries alone, lasts for its ttl, and its value is the caller's to give away. */
const usual = { renew: false, wait: Number.POSITIVE_INFINITY, entrusted: true };

const once = () => false as const;

const nameOf = (resources: Resources, token: string) => JSON.stringify([token, ...resources]);

const sameAs = (some: Resources, others: Resources) =>
  some.length === others.length && some.every((resource, index) => resource === others[index]);

function checkToken(token: unknown): string {
  if (typeof token === "string" && token !== "") return token;
  throw new InvalidOptionError("value", typeof token, "the non-empty string that stands in the lock's keys");
}
