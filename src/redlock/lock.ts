import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { testSafely } from "../support/untrusted.js";
import type {
  Attempts,
  ClassicLock,
  LockConstructor,
  Lock as LockInterface,
  RedlockInstance,
} from "./interfaces.js";
import type { Callback, ExecutionResult } from "./types.js";

export type { ClassicLock, LockConstructor };
export type Lock = LockInterface;

interface HiddenState {
  readonly attempts?: Attempts | { readonly attempts: Attempts } | number;
  expiration?: number;
}

/** The property of a lock that is neither enumerated nor copied. A prototype or a Proxy around a lock finds it, too. */
const hidden = Symbol("redlock");

abstract class AnyLock {
  /** `redlock`, and what the kind of lock hides besides. */
  declare protected readonly [hidden]: { readonly redlock: RedlockInstance } & HiddenState;
  abstract readonly value: string;
  abstract readonly resources: string[];
  abstract expiration: number;
  /** Whether this is a lock as in redlock 4. */
  abstract readonly classic: boolean;

  constructor(redlock: RedlockInstance, state: HiddenState = {}) {
    Object.defineProperty(this, hidden, { value: { redlock, ...state } });
  }

  get redlock(): RedlockInstance {
    return this[hidden].redlock;
  }

  release(callback?: Callback<ExecutionResult>): Promise<ExecutionResult> {
    // As in redlock 4, whose locks call `unlock` in both cases.
    if (this.classic) return this.redlock.unlock(this.self, callback as Callback<unknown>) as Promise<never>;
    return this.redlock.release(this.self, callback);
  }

  unlock(callback?: Callback<void>): Promise<void> {
    return this.redlock.unlock(this.self, callback);
  }

  extend(duration: number, callback?: Callback<Lock>): Promise<Lock> {
    return this.redlock.extend(this.self, duration, callback);
  }

  /** Hides the value, because locks are often logged by accident. */
  [inspect.custom](): object {
    const hash = createHash("sha1").update(this.value).digest("hex").slice(0, 16);
    return { ...this, value: `(secret; its hash is ${hash})` };
  }

  /** A subclass with its own properties of one package is a complete Lock. */
  private get self(): Lock {
    return this as unknown as Lock;
  }
}

/** A lock as in redlock 5. `instanceof` is true for the locks of every package. */
export class Redlock5Lock extends AnyLock {
  static override readonly name = "Lock";

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof AnyLock;
  }

  readonly resources: string[];
  expiration: number;

  constructor(
    redlock: RedlockInstance,
    resources: string[] | string,
    readonly value: string,
    attempts: Attempts | { readonly attempts: Attempts } | number,
    expiration: Attempts | number = 0,
  ) {
    // Redlock 4 has these two arguments in the opposite order.
    const inRedlock4Order = typeof attempts === "number";
    super(redlock, { attempts: inRedlock4Order ? (expiration as number) : attempts });
    this.resources = Array.isArray(resources) ? resources : [resources];
    this.expiration = (inRedlock4Order ? attempts : expiration) as number;
  }

  get classic(): boolean {
    return typeof this[hidden].attempts === "number";
  }

  get attempts(): Attempts | number {
    const { attempts = [] } = this[hidden];
    return typeof attempts === "object" && "attempts" in attempts ? attempts.attempts : attempts;
  }

  get resource(): string[] {
    return this.resources;
  }

  get ttl(): number {
    return this.expiration;
  }

  /** Omits the value, so that a logged lock cannot be used to release the lock. */
  toJSON(): object {
    const { resources, expiration } = this;
    return { resources, expiration };
  }
}

/** A lock as in redlock 4. */
export class Redlock4Lock extends AnyLock {
  constructor(
    redlock: RedlockInstance,
    readonly resource: string[],
    readonly value: string,
    public expiration: number,
    readonly attempts: number,
    readonly attemptsRemaining: number,
  ) {
    super(redlock);
  }

  get classic(): boolean {
    return true;
  }

  get resources(): string[] {
    return this.resource;
  }

  get ttl(): number {
    return this.expiration;
  }

  toJSON(): object {
    const { resource, expiration, attempts, attemptsRemaining } = this;
    return { resource, expiration, attempts, attemptsRemaining };
  }
}

/** A lock as in node-redlock: plain data that programs pass to other processes. */
export class NodeRedlockLock extends AnyLock {
  constructor(
    redlock: RedlockInstance,
    readonly resource: string,
    readonly value: string,
    readonly ttl: number,
  ) {
    super(redlock, { expiration: ttl });
  }

  get classic(): boolean {
    return false;
  }

  get resources(): string[] {
    return [this.resource];
  }

  get expiration(): number {
    return this[hidden].expiration ?? this.ttl;
  }

  set expiration(expiration: number) {
    this[hidden].expiration = expiration;
  }

  get attempts(): Attempts {
    return [];
  }
}

/** Whether this is a lock as in redlock 4, or such a lock as plain data. */
export const isClassic = (lock: Lock | ClassicLock): lock is ClassicLock =>
  testSafely(() => lock instanceof AnyLock)
    ? (lock as unknown as AnyLock).classic
    : typeof lock === "object" && lock?.resources === undefined;

export const Lock = Redlock5Lock as unknown as LockConstructor;
