import { InvalidOptionError } from "../errors.js";
import { checkKnown } from "../lock/option-checks.js";
import { PermitPool } from "../lock/permit-pool.js";
import { checkKeys, checkPermitSlots } from "../lock/resources.js";
import type { Manager } from "../manager/manager.js";
import { checkText } from "../support/checks.js";
import { ManagedSemaphore } from "./managed-semaphore.js";
import type { SemaphoreOptions } from "./types.js";

/** Each attempt sends the keys of all permits. */
const maxPermits = 1_000;
/** How many semaphores are remembered, the latest opened ones. Others are known while the program uses them. */
const maxRecent = 10_000;

/** The semaphores of one manager. All objects of one name share a pool of permits. */
export class Semaphores {
  /** In the order in which they were last opened. */
  readonly #recent = new Map<string, PermitPool>();
  /** Those that leases, waiters and objects of the program may still refer to. */
  readonly #older = new Map<string, WeakRef<PermitPool>>();
  readonly #unused = new FinalizationRegistry<string>((name) => {
    if (this.#older.get(name)?.deref() === undefined) this.#older.delete(name);
  });

  constructor(private readonly manager: Manager) {}

  /** @throws InvalidOptionError, also if the semaphore has another number of permits; ManagerClosedError. */
  open(name: string, options: SemaphoreOptions): ManagedSemaphore {
    this.manager.factory.checkOpen();
    const checked = checkText("name", name, "a non-empty string");
    if (checked === "") throw new InvalidOptionError("name", name, "a non-empty string");
    if (options === undefined) throw new InvalidOptionError("options", options, "an object with permits");
    checkKnown("semaphore", options);
    return new ManagedSemaphore(this.manager, this.#poolOf(checked, checkPermits(options.permits)));
  }

  #poolOf(name: string, permits: number): PermitPool {
    const known = this.#recent.get(name) ?? this.#older.get(name)?.deref();
    if (known !== undefined && known.number !== permits) {
      const allowed = `${known.number}, as these locks have given it for this semaphore before`;
      throw new InvalidOptionError("permits", permits, allowed);
    }
    const pool = known ?? this.#createPool(name, permits);
    this.#recent.delete(name);
    this.#recent.set(name, pool);
    if (this.#recent.size > maxRecent) this.#removeOldest();
    return pool;
  }

  #createPool(name: string, permits: number): PermitPool {
    const { prefix, random, nodeSet } = this.manager.context;
    const pool = new PermitPool(name, permits, prefix, random);
    checkKeys([pool.key]);
    if (permits > 1) checkPermitSlots(nodeSet.nodes, name, pool.all);
    return pool;
  }

  #removeOldest(): void {
    const [oldest] = this.#recent;
    if (oldest === undefined) return;
    const [name, pool] = oldest;
    this.#recent.delete(name);
    if (this.#older.get(name)?.deref() === pool) return;
    this.#older.set(name, new WeakRef(pool));
    this.#unused.register(pool, name);
  }
}

function checkPermits(value: unknown): number {
  const isValid = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxPermits;
  if (isValid) return Number(value);
  throw new InvalidOptionError("permits", value, `an integer from 1 to ${maxPermits}`);
}
