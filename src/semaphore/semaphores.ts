import { InvalidOptionError } from "../errors.js";
import { checkKnown } from "../lock/option-checks.js";
import { PermitPool } from "../lock/permit-pool.js";
import { checkKeys, checkSlots } from "../lock/resources.js";
import type { Manager } from "../manager/manager.js";
import { checkText } from "../support/checks.js";
import { ManagedSemaphore } from "./managed-semaphore.js";
import type { SemaphoreOptions } from "./types.js";

/** Each attempt sends the keys of all permits. */
const maxPermits = 1_000;
/** Maximum number of semaphores that are remembered. Beyond it, a second number of permits for the oldest goes unnoticed here. */
const maxKnown = 10_000;

/** The semaphores of one manager. All objects of one name share a pool of permits. */
export class Semaphores {
  readonly #pools = new Map<string, PermitPool>();

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
    const known = this.#pools.get(name);
    if (known !== undefined && known.number !== permits) {
      const allowed = `${known.number}, as these locks have given it for this semaphore before`;
      throw new InvalidOptionError("permits", permits, allowed);
    }
    if (known !== undefined) return known;
    const { prefix, random, nodeSet } = this.manager.context;
    const pool = new PermitPool(name, permits, prefix, random);
    checkKeys([pool.key]);
    if (permits > 1) checkSlots(nodeSet.nodes, pool.all);
    this.#pools.set(name, pool);
    const [oldest] = this.#pools.keys();
    if (this.#pools.size > maxKnown && oldest !== undefined) this.#pools.delete(oldest);
    return pool;
  }
}

function checkPermits(value: unknown): number {
  const isValid = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxPermits;
  if (isValid) return Number(value);
  throw new InvalidOptionError("permits", value, `an integer from 1 to ${maxPermits}`);
}
