import { LockHandle } from "../api/lock-handle.js";
import type { Handle, ReleaseOutcome } from "../api/types.js";
import { isSharedToken } from "../engine/protocol/token.js";
import type { Origin } from "../engine/quorum/origin.js";
import type { RoundResult } from "../engine/quorum/round.js";
import { InvalidOptionError } from "../errors.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import type { LocksOptions } from "../lock/options.js";
import { defaultNodeTimeout, defaultTtl, type Settings } from "../lock/settings.js";
import { Manager } from "../manager/manager.js";
import { checkTtl } from "../support/checks.js";
import { isWellFormed } from "../support/untrusted.js";
import type { Operation } from "./operation.js";
import { RoundReporter } from "./round-reporter.js";

/** A lock that this process holds. */
export interface Held {
  /** The key of this entry in `HeldLocks`. */
  readonly name: string;
  readonly lock: Lock;
  readonly leaseState: LeaseState;
  readonly reporter: RoundReporter;
  /** The settings of this lease: each extension may bring its own drift factor. */
  readonly settings: { driftFactor: number };
  /** The handle given to the user, if any. */
  handle: Handle | null;
}

/** Settings that an acquisition can override. */
export type AcquisitionOverrides = Partial<
  Pick<Settings, "retry" | "renew" | "renewBefore" | "driftFactor" | "tokenShared" | "onLost">
>;

type Resources = readonly string[];

/**
 * The manager as the Redlock class uses it. Locks are found by their resources and token, because programs of Redlock,
 * also in other processes, have nothing else.
 */
export class HeldLocks {
  readonly manager: Manager;
  readonly #held = new Map<string, Held>();
  /** Acquisitions in progress of locks that can only be found by resources and token. */
  readonly #pendingAcquisitions = new Map<string, Promise<void>>();
  readonly #defaults: Settings;

  constructor(options: LocksOptions) {
    // Programs of Redlock create an instance for a single job and do not call quit(), because that would close their
    // clients. Their clients may have databases and key prefixes of their own.
    // One program may have instances for different sets of clients, and no instance has `previous`.
    // The original waits for every answer, so a short lock has as long a timeout as its validity allows.
    const { nodeTimeout = defaultNodeTimeout(defaultTtl) } = options;
    this.manager = new Manager(
      { ...options, nodeTimeout, otherSets: "allow" },
      { collectable: true, mixedKeyspaces: true },
    );
    this.#defaults = { ...this.manager.factory.settings(), ...redlockDefaults };
  }

  /** The number of voting nodes. */
  get nodes(): number {
    return this.manager.context.engine.members.length;
  }

  find(resources: Resources, token: string): Held | null {
    const byToken = this.#held.get(token);
    if (
      byToken &&
      byToken.leaseState.claim.token === token &&
      sameResources(resources, byToken.leaseState.resources)
    )
      return byToken;
    return this.#held.get(nameOf(resources, token)) ?? null;
  }

  async acquire(
    resources: Resources,
    ttl: number,
    overrides: AcquisitionOverrides,
    operation: Operation,
    origin: Origin | null = null,
    lock = this.manager.factory.lock(resources),
  ): Promise<Held> {
    // The first acquisition has reported the nodes' votes already, so the renaming reports nothing.
    const reporter = new RoundReporter(operation, this.#forget, origin?.kind === "handover");
    this.manager.factory.checkOpen();
    const settings = { ...this.#defaults, ttl: checkTtl(ttl), ...overrides, roundObserver: reporter };
    const leaseState = await lock.acquire(settings, (granted) => granted, origin);
    reporter.end(operation);
    reporter.muted = false;
    // A fresh token is unique, so the token alone is the key.
    const name = origin === null ? leaseState.claim.token : nameOf(lock.resources, leaseState.claim.token);
    const held: Held = { name, lock, leaseState, reporter, settings, handle: null };
    if (leaseState.end === null) this.#held.set(name, held);
    return held;
  }

  /**
   * Makes one attempt with a token from the user. The lock is acquired under a fresh token and then renamed, so that
   * another caller's earlier or concurrent use of the same token cannot be mistaken for this grant.
   */
  acquireWithToken(resources: Resources, token: string, ttl: number, operation: Operation): Promise<Held> {
    return this.#serialized(resources, checkToken(token), async () => {
      // Only this call knows the fresh token, and releases it whatever happens meanwhile.
      const { lock, leaseState } = await this.acquire(
        resources,
        ttl,
        { retry: noRetry, tokenShared: false },
        operation,
      );
      const origin = { kind: "handover", token: lock.handOver(leaseState), ttl, as: token } as const;
      try {
        return await this.acquire(resources, ttl, { retry: noRetry }, operation, origin, lock);
      } finally {
        // Sent behind the renaming: if the renaming succeeded, this releases nothing.
        void this.#releaseByToken(lock.keys, origin.token, () => {});
      }
    });
  }

  /**
   * Extends the lease with that token. If this process holds no such lease, extends it on the nodes, provided that a
   * quorum still holds it; the result is a separate lease.
   */
  renew(
    resources: Resources,
    token: string,
    ttl: number,
    driftFactor: number,
    operation: Operation,
  ): Promise<Held> {
    return this.#serialized(resources, checkToken(token), async () => {
      const held = this.find(resources, token);
      if (held === null) {
        const overrides = { driftFactor, retry: noRetry };
        return this.acquire(resources, ttl, overrides, operation, { kind: "sharedToken", token });
      }
      checkTtl(ttl);
      held.settings.driftFactor = driftFactor;
      held.reporter.begin(operation);
      try {
        await held.lock.renew(held.leaseState, ttl);
      } finally {
        held.reporter.end(operation);
      }
      return held;
    });
  }

  /** Releases the lease with that token, held by this or another process. `operation` records the result. */
  async release(resources: Resources, token: string, operation: Operation): Promise<void> {
    checkToken(token);
    if (this.#pendingAcquisitions.size > 0) await this.#pendingAcquisitions.get(nameOf(resources, token));
    const held = this.find(resources, token);
    if (held !== null) {
      held.reporter.begin(operation);
      if (releasedOutcomes.has(await held.lock.release(held.leaseState))) {
        // If the manager was closed, the votes are no longer reported.
        if (operation.last === undefined) this.manager.factory.checkOpen();
        return;
      }
      held.reporter.end(operation);
    }
    const { keys } = this.manager.factory.lock(resources);
    // A program that releases while its process exits cannot wait for anything.
    if (this.manager.context.engine.admission.admitted) this.manager.checkUsable();
    else await this.manager.identifyNodes();
    const reporter = new RoundReporter(operation, () => {});
    await this.#releaseByToken(keys, token, (result) => reporter.round("release", result));
  }

  handleOf(held: Held): Handle {
    // Keeps one handle per lease while the lease is held: a collected handle would count as a dropped lease.
    held.handle ??= new LockHandle(held.lock, (more) =>
      this.manager.factory.settings({ renew: false }, more),
    );
    return held.handle;
  }

  #releaseByToken(keys: Resources, token: string, answered: (result: RoundResult) => void): Promise<void> {
    const { engine, nodeTimeout } = this.manager.context;
    const claim = engine.claims.createWithSharedToken(keys, token);
    claim.keep();
    return new Promise((resolve) => {
      claim.release(nodeTimeout, (result) => {
        answered(result);
        resolve();
      });
    });
  }

  /**
   * Runs acquisitions with the same resources and token one after the other, because the lock cannot be found before
   * the acquisition succeeds.
   */
  async #serialized(resources: Resources, token: string, run: () => Promise<Held>): Promise<Held> {
    if (this.find(resources, token) !== null) return run();
    const name = nameOf(resources, token);
    for (
      let earlier = this.#pendingAcquisitions.get(name);
      earlier !== undefined;
      earlier = this.#pendingAcquisitions.get(name)
    )
      await earlier;
    const acquisition = run();
    const settled = acquisition.then(
      () => {},
      () => {},
    );
    this.#pendingAcquisitions.set(name, settled);
    try {
      return await acquisition;
    } finally {
      if (this.#pendingAcquisitions.get(name) === settled) this.#pendingAcquisitions.delete(name);
    }
  }

  readonly #forget = (leaseState: LeaseState) => {
    const held = this.find(leaseState.resources, leaseState.claim.token);
    if (held?.leaseState === leaseState) this.#held.delete(held.name);
  };
}

/**
 * The defaults of a Redlock lock: no automatic renewal, a token that the caller may pass on, the program's own retries
 * instead of a queue.
 */
const redlockDefaults = {
  renew: false,
  wait: Number.POSITIVE_INFINITY,
  tokenShared: true,
  fair: false,
  queued: false,
} satisfies Partial<Settings>;

const noRetry = () => false as const;

/** The outcomes of releasing a lease that was still held. */
const releasedOutcomes: ReadonlySet<ReleaseOutcome> = new Set<ReleaseOutcome>(["released", "pending"]);

/** Generated tokens never begin with a NUL, so names and tokens cannot collide. */
const nameOf = (resources: Resources, token: string) =>
  `\0${JSON.stringify([token, ...[...resources].sort()])}`;

const sameResources = (some: Resources, others: Resources) =>
  some.length === others.length && some.every((resource) => others.includes(resource));

function checkToken(token: unknown): string {
  if (typeof token === "string" && isSharedToken(token)) {
    // The message does not show the value, which is a secret.
    throw new InvalidOptionError(
      "value",
      "~~…",
      "a string that does not begin with ~~, as the tokens of shared leases do",
    );
  }
  if (typeof token === "string" && token !== "" && isWellFormed(token)) return token;
  throw new InvalidOptionError(
    "value",
    typeof token,
    "the non-empty string that is stored in the lock's keys",
  );
}
