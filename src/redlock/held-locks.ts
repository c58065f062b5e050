import { LockHandle } from "../api/lock-handle.js";
import type { Handle, ReleaseOutcome } from "../api/types.js";
import type { Origin } from "../engine/quorum/origin.js";
import type { RoundResult } from "../engine/quorum/round.js";
import { InvalidOptionError } from "../errors.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import { checkTtl } from "../lock/option-checks.js";
import type { LocksOptions } from "../lock/options.js";
import type { Settings } from "../lock/settings.js";
import { Manager } from "../manager/manager.js";
import { isWellFormed } from "../support/untrusted.js";
import type { Operation } from "./operation.js";
import { RoundReporter } from "./round-reporter.js";

/** A lock that is held here. */
export interface Held {
  /** What it is found by. */
  readonly name: string;
  readonly lock: Lock;
  readonly leaseState: LeaseState;
  readonly reporter: RoundReporter;
  /** Those of its tenure: each extension may bring a drift of its own. */
  readonly settings: { driftFactor: number };
  /** What was given out to look at it. */
  handle: Handle | null;
}

/** What an acquisition may want besides. */
export type AcquisitionOverrides = Partial<
  Pick<Settings, "retry" | "renew" | "renewBefore" | "driftFactor" | "tokenShared" | "onLost">
>;

type Resources = readonly string[];

/**
 * The manager as the Redlock class needs it: a lock is named by what stands in its keys, because that is all that
 * programs of Redlock have, also in other processes.
 */
export class HeldLocks {
  readonly manager: Manager;
  readonly #held = new Map<string, Held>();
  /** Acquisitions of what can only be found by its name, while they are under way. */
  readonly #taking = new Map<string, Promise<void>>();
  readonly #usual: Settings;

  constructor(options: LocksOptions) {
    // Programs of Redlock make one for a single job, and quit none, because that would quit their clients.
    this.manager = new Manager(options, true);
    this.#usual = { ...this.manager.settings(), ...usual };
  }

  /** How many vote. */
  get nodes(): number {
    return this.manager.context.engine.members.length;
  }

  find(resources: Resources, token: string): Held | null {
    const own = this.#held.get(token);
    if (own && own.leaseState.claim.token === token && alike(resources, own.leaseState.resources)) return own;
    return this.#held.get(nameOf(resources, token)) ?? null;
  }

  async acquire(
    resources: Resources,
    ttl: number,
    wishes: AcquisitionOverrides,
    operation: Operation,
    origin: Origin | null = null,
    lock = this.manager.lock(resources),
  ): Promise<Held> {
    // A lock that is renamed has told already what its nodes say.
    const reporter = new RoundReporter(operation, this.#forget, origin?.kind === "handover");
    this.manager.checkOpen();
    const settings = { ...this.#usual, ttl: checkTtl(ttl), ...wishes, roundObserver: reporter };
    const leaseState = await lock.acquire(settings, (granted) => granted, origin);
    reporter.end(operation);
    reporter.quiet = false;
    // A token that was made here is nobody else's name.
    const name = origin === null ? leaseState.claim.token : nameOf(lock.resources, leaseState.claim.token);
    const held: Held = { name, lock, leaseState, reporter, settings, handle: null };
    if (leaseState.end === null) this.#held.set(name, held);
    return held;
  }

  /**
   * One attempt, in the name of a token that the user gave. It is won under a fresh one, so that nothing that others do
   * under the same name, or did, can be taken for it; then renamed.
   */
  take(resources: Resources, token: string, ttl: number, operation: Operation): Promise<Held> {
    return this.#inTurn(resources, checkToken(token), async () => {
      // Nobody else knows the fresh token: whatever comes between, it is given back.
      const { lock, leaseState } = await this.acquire(
        resources,
        ttl,
        { retry: once, tokenShared: false },
        operation,
      );
      const origin = { kind: "handover", token: lock.handOver(leaseState), ttl, as: token } as const;
      try {
        return await this.acquire(resources, ttl, { retry: once }, operation, origin, lock);
      } finally {
        // Behind the renaming: where that went through there is nothing to release.
        void this.#releaseByToken(lock.keys, origin.token, () => {});
      }
    });
  }

  /**
   * Extends what is held under that token: here, or, where nothing is, on the nodes, if a quorum of them still holds
   * it; that is then a lease of its own.
   */
  renew(
    resources: Resources,
    token: string,
    ttl: number,
    driftFactor: number,
    operation: Operation,
  ): Promise<Held> {
    return this.#inTurn(resources, checkToken(token), async () => {
      const held = this.find(resources, token);
      if (held === null) {
        const wishes = { driftFactor, retry: once };
        return this.acquire(resources, ttl, wishes, operation, { kind: "shared", token });
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

  /** Releases what is held under that token, here or elsewhere. `operation` knows what came of it. */
  async release(resources: Resources, token: string, operation: Operation): Promise<void> {
    checkToken(token);
    if (this.#taking.size > 0) await this.#taking.get(nameOf(resources, token));
    const held = this.find(resources, token);
    if (held !== null) {
      held.reporter.begin(operation);
      if (gaveUp.has(await held.lock.release(held.leaseState))) {
        // Nobody waits for the answers any more where it was closed.
        if (operation.last === undefined) this.manager.checkOpen();
        return;
      }
      held.reporter.end(operation);
    }
    const { keys } = this.manager.lock(resources);
    await this.manager.meet();
    const reporter = new RoundReporter(operation, () => {});
    await this.#releaseByToken(keys, token, (result) => reporter.round("release", result));
  }

  handleOf(held: Held): Handle {
    // One for as long as it is held: whoever only looks must not be taken for an owner who let go.
    held.handle ??= new LockHandle(held.lock, (more) => this.manager.settings({ renew: false }, more));
    return held.handle;
  }

  #releaseByToken(keys: Resources, token: string, answered: (result: RoundResult) => void): Promise<void> {
    const { engine, nodeTimeout } = this.manager.context;
    const claim = engine.claimShared(keys, token);
    claim.keep();
    return new Promise((resolve) => {
      claim.release(nodeTimeout, (result) => {
        answered(result);
        resolve();
      });
    });
  }

  /** One after the other, where nothing is held here yet under that name: then there is nothing to find it by. */
  async #inTurn(resources: Resources, token: string, run: () => Promise<Held>): Promise<Held> {
    if (this.find(resources, token) !== null) return run();
    const name = nameOf(resources, token);
    for (let before = this.#taking.get(name); before !== undefined; before = this.#taking.get(name))
      await before;
    const taken = run();
    const settled = taken.then(
      () => {},
      () => {},
    );
    this.#taking.set(name, settled);
    try {
      return await taken;
    } finally {
      if (this.#taking.get(name) === settled) this.#taking.delete(name);
    }
  }

  readonly #forget = (leaseState: LeaseState) => {
    const held = this.find(leaseState.resources, leaseState.claim.token);
    if (held?.leaseState === leaseState) this.#held.delete(held.name);
  };
}

/**
 * A lock of Redlock's lasts for its ttl, and its value is the caller's to give away. Programs try again as they say
 * themselves, and take what is free.
 */
const usual = {
  renew: false,
  wait: Number.POSITIVE_INFINITY,
  tokenShared: true,
  fair: false,
  queued: false,
} satisfies Partial<Settings>;

const once = () => false as const;

/** What a release of a lease that was still held comes to. */
const gaveUp: ReadonlySet<ReleaseOutcome> = new Set<ReleaseOutcome>(["released", "pending"]);

/** No token of ours begins like that. */
const nameOf = (resources: Resources, token: string) =>
  `\0${JSON.stringify([token, ...[...resources].sort()])}`;

const alike = (some: Resources, others: Resources) =>
  some.length === others.length && some.every((resource) => others.includes(resource));

function checkToken(token: unknown): string {
  if (typeof token === "string" && token !== "" && isWellFormed(token)) return token;
  throw new InvalidOptionError("value", typeof token, "the non-empty string that stands in the lock's keys");
}
