import { type Scope, scopes } from "./kind.js";
import { type FaultKind, kindOf } from "./kinds.js";

export type FaultClass = "in bounds" | "beyond";

/** The size of a run. */
export interface RunSize {
  readonly class: FaultClass;
  readonly servers: number;
  readonly clients: number;
  /** Whether a Sentinel set and a Cluster take part. */
  readonly grouped?: boolean;
}

/** The maximum number of clients that are disturbed at the same time. */
const maxClients = 3;
/** Time in ms from the recovery of a server that lost its memory until the next server may lose its memory. */
const recoveryMs = 500;

/**
 * Limits the faults at any time. In bounds: faults affect a minority of the servers, and a server that lost its memory
 * recovers before the next one loses its memory. Beyond: no such limits. Times are ms from the start of the run.
 */
export class FaultLimits {
  readonly #until: Record<Scope, number[]>;
  readonly #maxHurt: Record<Scope, number>;
  readonly #beyond: boolean;
  #forgottenUntil = 0;

  constructor({ class: name, servers, clients, grouped = false }: RunSize) {
    this.#beyond = name === "beyond";
    const counts = { server: servers, client: clients, sentinel: grouped ? 1 : 0, cluster: grouped ? 1 : 0 };
    this.#until = { server: [], client: [], sentinel: [], cluster: [] };
    for (const scope of scopes) this.#until[scope] = Array(counts[scope]).fill(0);
    const minority = Math.floor((servers - 1) / 2);
    const most = this.#beyond ? servers - 1 : minority;
    this.#maxHurt = { server: most, client: maxClients, sentinel: 1, cluster: 1 };
  }

  /** Returns the possible targets of such a fault at a time. */
  candidates(kind: FaultKind, at: number): number[] {
    const { scope, forgets, beyond } = kindOf(kind);
    if (!this.#beyond && (beyond || (forgets && this.#forgottenUntil > at))) return [];
    const sound = this.#until[scope].flatMap((until, index) => (until <= at ? [index] : []));
    return this.#until[scope].length - sound.length < this.#maxHurt[scope] ? sound : [];
  }

  /** Records a fault that ends at `over`. */
  record(kind: FaultKind, target: number, over: number): void {
    const { scope, settles, forgets } = kindOf(kind);
    const sound = over + settles;
    this.#until[scope][target] = sound;
    if (forgets) this.#forgottenUntil = sound + recoveryMs;
  }
}
