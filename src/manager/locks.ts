import { createActor } from "xstate";
import { recogniseNode } from "../clients/recognise.js";
import { QuorumEngine } from "../engine/engine.js";
import {
  DuplicateNodeError,
  type HoldfastError,
  InvalidOptionError,
  isHoldfastError,
  ManagerClosedError,
} from "../errors.js";
import { type ManagerActor, managerMachine } from "../machines/manager.js";
import type { InspectionEvent } from "./actor.js";
import {
  checkDuration,
  checkFunction,
  checkKeys,
  checkKnown,
  checkResources,
  checkSlots,
  keyspaceTrouble,
} from "./check.js";
import { isolate, SafeEmitter } from "./emitter.js";
import type { ManagerEvents } from "./events.js";
import type { Surroundings } from "./ground.js";
import { LockHandle } from "./handle.js";
import { readHandover } from "./handover.js";
import { Health } from "./health.js";
import { summarise } from "./inspection.js";
import { HeldLease } from "./lease.js";
import { Lock } from "./lock.js";
import type { AcquireOptions, LocksOptions } from "./options.js";
import { groundOf, type Settings, settingsOf } from "./settings.js";
import type { FencedLease, Handle, Inspection, Locks } from "./types.js";
import { Vigil } from "./vigil.js";

/** ms that `close` waits for releases by default. */
const defaultCloseTimeout = 5_000;

type Resources = string | readonly string[];
type Job<T> = (lease: FencedLease) => T | Promise<T>;

/**
 * Makes the locks of one quorum of nodes.
 *
 * @throws InvalidOptionError for options that cannot work, DuplicateNodeError for the same client given twice.
 */
export function createLocks(options: LocksOptions): Locks {
  // Which leases have a fence follows from the options of each call; only the interface can say that.
  return new LockManager(options) as Locks;
}

class LockManager {
  readonly #defaults: AcquireOptions;
  readonly #ground: Surroundings;
  readonly #nodes;
  readonly #health: Health;
  readonly #actor: ManagerActor;
  readonly #inUse = new Set<Lock>();
  #refused: HoldfastError | null | undefined;
  #closing: Promise<void> | null = null;
  #closed = false;
  #onIdle: () => void = () => {};

  constructor(options: LocksOptions) {
    if (typeof options !== "object" || options === null) {
      throw new InvalidOptionError("options", options, "an object with nodes");
    }
    checkKnown("createLocks", options);
    const ground = groundOf(options);
    this.#defaults = options;
    settingsOf(ground, options);
    this.#nodes = nodesOf(options);
    const events = new SafeEmitter<ManagerEvents>(ground.onListenerError);
    const inspect = isolated(options.xstate?.inspect, ground.onListenerError);
    this.#actor = createActor(managerMachine, inspect === undefined ? {} : { inspect }).start();
    this.#health = new Health(this.#nodes, { events, clock: ground.clock, inspect });
    const series = ground.random.secret().slice(0, 8);
    let acquisitions = 0;
    this.#ground = {
      ...ground,
      events,
      inspect,
      vigil: new Vigil(ground.clock),
      refusal: () => this.#refusal(),
      nextAcquisition: () => `${series}-${++acquisitions}`,
      engine: new QuorumEngine({
        ...ground,
        nodes: this.#nodes,
        observe: (node, observation, cause) => this.#health.observe(node, observation, cause),
      }),
    };
  }

  async acquire(resources: Resources, options?: AcquireOptions): Promise<FencedLease> {
    return this.#acquire(resources, this.#settings(options));
  }

  async tryAcquire(resources: Resources, options?: AcquireOptions): Promise<FencedLease | null> {
    try {
      return await this.#acquire(resources, { ...this.#settings(options), retry: () => false });
    } catch (error) {
      if (isHoldfastError(error, "LOCK_CONTENDED")) return null;
      throw error;
    }
  }

  using<T>(resources: Resources, job: Job<T>): Promise<T>;
  using<T>(resources: Resources, options: AcquireOptions, job: Job<T>): Promise<T>;
  async using<T>(resources: Resources, ...rest: [Job<T>] | [AcquireOptions, Job<T>]): Promise<T> {
    const [options, job] = rest.length === 1 ? [undefined, rest[0]] : rest;
    if (typeof job !== "function") throw new InvalidOptionError("job", job, "a function");
    const settings = this.#settings(options);
    const lock = this.#lock(resources);
    const hold = await lock.acquire(settings);
    const lease = new HeldLease(lock, hold);
    const { signal } = settings;
    const onAbort = () => hold.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await job(lease);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await lease.release();
    }
  }

  handle(resources: Resources, options?: AcquireOptions): Handle<FencedLease> {
    this.#settings(options);
    const lock = this.#lock(resources);
    return new LockHandle(lock, (more) => this.#settings(options, more));
  }

  async adopt(handover: string, options?: AcquireOptions): Promise<FencedLease> {
    const inheritance = readHandover(handover);
    const settings = this.#settings({ ttl: inheritance.ttl }, options);
    const lock = this.#lock(inheritance.resources);
    return new HeldLease(lock, await lock.acquire(settings, inheritance));
  }

  async inspect(resource: string): Promise<Inspection> {
    this.#checkOpen();
    if (typeof resource !== "string")
      throw new InvalidOptionError("resource", resource, "a non-empty string");
    checkResources(resource);
    const { engine, prefix } = this.#ground;
    return summarise(resource, await engine.inspect([prefix + resource]));
  }

  async close({ timeout = defaultCloseTimeout }: { readonly timeout?: number } = {}): Promise<void> {
    checkDuration("timeout", timeout, 0, true);
    this.#closed = true;
    // Not at once: it may be a listener that closes, in the middle of what it was told of.
    this.#closing ??= Promise.resolve().then(() => this.#close(timeout));
    await this.#closing;
  }

  on<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#ground.events.on(name, listener);
    return this;
  }

  once<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#ground.events.once(name, listener);
    return this;
  }

  off<Name extends keyof ManagerEvents>(name: Name, listener: ManagerEvents[Name]): this {
    this.#ground.events.off(name, listener);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #acquire(resources: Resources, settings: Settings): Promise<FencedLease> {
    const lock = this.#lock(resources);
    return new HeldLease(lock, await lock.acquire(settings));
  }

  #settings(...layers: readonly (AcquireOptions | undefined)[]): Settings {
    this.#checkOpen();
    for (const layer of layers) checkKnown("acquire", layer);
    return settingsOf(this.#ground, this.#defaults, ...layers);
  }

  #lock(resources: Resources): Lock {
    const checked = checkResources(resources);
    const keys = checked.map((resource) => this.#ground.prefix + resource);
    checkKeys(keys);
    checkSlots(this.#nodes, keys);
    return new Lock(this.#ground, checked, keys, (lock, inUse) => this.#onUse(lock, inUse));
  }

  #checkOpen(): void {
    if (this.#closed) throw new ManagerClosedError();
  }

  /** Looked for until it is known of every node: some clients know their database only when they are connected. */
  #refusal(): HoldfastError | null {
    if (this.#refused !== undefined) return this.#refused;
    const { duplicate } = this.#ground.engine;
    const found = duplicate === null ? keyspaceTrouble(this.#nodes) : new DuplicateNodeError(duplicate);
    if (found !== null || this.#nodes.every(({ keyspace }) => keyspace !== null)) this.#refused = found;
    return found;
  }

  #onUse(lock: Lock, inUse: boolean): void {
    if (inUse) this.#inUse.add(lock);
    else this.#inUse.delete(lock);
    if (this.#inUse.size === 0) this.#onIdle();
  }

  async #close(timeout: number): Promise<void> {
    this.#actor.send({ type: "CLOSE" });
    const { clock, engine, events } = this.#ground;
    const left = [...this.#inUse];
    for (const lock of left) lock.withdraw(new ManagerClosedError());
    if (this.#inUse.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = clock.after(timeout, resolve);
        this.#onIdle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    for (const lock of left) lock.stop();
    await engine.close();
    this.#health.stop();
    this.#actor.send({ type: "CLOSED" });
    this.#actor.stop();
    events.clear();
  }
}

function nodesOf({ nodes }: LocksOptions) {
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw new InvalidOptionError("nodes", nodes, "a list of at least one client, address or memoryNode()");
  }
  const recognised = nodes.map((input, index) => recogniseNode(input, index));
  for (const [index, input] of nodes.entries()) {
    const first = nodes.indexOf(input);
    const names = [recognised[first]?.name ?? "", recognised[index]?.name ?? ""] as const;
    if (first !== index) throw new DuplicateNodeError(names);
  }
  const trouble = keyspaceTrouble(recognised);
  if (trouble !== null) throw trouble;
  return recognised;
}

/** An inspector that throws must not stop what it inspects. */
function isolated(
  inspect: ((event: InspectionEvent) => void) | undefined,
  onError: (error: unknown, event: string) => void,
): ((event: InspectionEvent) => void) | undefined {
  return inspect === undefined
    ? undefined
    : (event) => isolate(() => checkFunction("xstate.inspect", inspect)(event), "xstate.inspect", onError);
}
