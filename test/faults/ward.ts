import { type Scope, scopes } from "./kind.js";
import { type FaultKind, kindOf } from "./kinds.js";

export type FaultClass = "in bounds" | "beyond";

/** Who takes part in a run. */
export interface Company {
  readonly class: FaultClass;
  readonly servers: number;
  readonly clients: number;
  /** Whether a Sentinel set and a Cluster take part. */
  readonly grouped?: boolean;
}

/** Of the processes, so many at most are hurt at the same time. */
const mostClients = 3;
/** ms from when one that lost its memory votes again until the next one may lose its own. */
const breather = 500;

/**
 * Who is hurt until when, and whom a fault may hurt. In bounds: a minority of the servers at a time, and one that loses
 * its memory has time to rest before the next one does. Beyond: whatever comes. Times: ms from the start of the run.
 */
export class Ward {
  readonly #until: Record<Scope, number[]>;
  readonly #most: Record<Scope, number>;
  readonly #beyond: boolean;
  #forgottenUntil = 0;

  constructor({ class: name, servers, clients, grouped = false }: Company) {
    this.#beyond = name === "beyond";
    const counts = { server: servers, client: clients, sentinel: grouped ? 1 : 0, cluster: grouped ? 1 : 0 };
    this.#until = { server: [], client: [], sentinel: [], cluster: [] };
    for (const scope of scopes) this.#until[scope] = Array(counts[scope]).fill(0);
    const minority = Math.floor((servers - 1) / 2);
    const most = this.#beyond ? servers - 1 : minority;
    this.#most = { server: most, client: mostClients, sentinel: 1, cluster: 1 };
  }

  /** The numbers of those whom such a fault may hurt then. */
  candidates(kind: FaultKind, at: number): number[] {
    const { scope, forgets, beyond } = kindOf(kind);
    if (!this.#beyond && (beyond || (forgets && this.#forgottenUntil > at))) return [];
    const sound = this.#until[scope].flatMap((until, index) => (until <= at ? [index] : []));
    return this.#until[scope].length - sound.length < this.#most[scope] ? sound : [];
  }

  /** `over`: when the fault ends. */
  hurt(kind: FaultKind, target: number, over: number): void {
    const { scope, settles, forgets } = kindOf(kind);
    const sound = over + settles;
    this.#until[scope][target] = sound;
    if (forgets) this.#forgottenUntil = sound + breather;
  }
}
