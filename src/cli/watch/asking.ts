import type { Inspection, Locks } from "../../api/types.js";

/** ms between two questions. */
const period = 1_000;

export interface Asked {
  readonly inspection: Inspection;
  /** Epoch ms. */
  readonly time: number;
}

/** Asks the nodes about resources of which nobody tells, again and again. Changes nothing there. */
export class Asking {
  readonly latest = new Map<string, Asked>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /**
   * `isTold`: of this one somebody tells. `changed`: it is held by somebody else than before, or free, or nobody knows.
   * `failed`: they cannot be asked at all; nothing follows.
   */
  constructor(
    private readonly locks: Pick<Locks, "inspect">,
    private readonly names: readonly string[],
    private readonly heard: {
      isTold(name: string): boolean;
      changed(asked: Asked): void;
      failed(error: unknown): void;
    },
  ) {}

  start(): void {
    if (this.names.length > 0) this.#round().then(() => this.#next(), this.heard.failed);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Only when all are answered: nodes that hang are not asked ever more. */
  #next(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.start(), period);
  }

  async #round(): Promise<void> {
    await Promise.all(this.names.map((name) => this.#ask(name)));
  }

  async #ask(name: string): Promise<void> {
    if (this.heard.isTold(name)) {
      this.latest.delete(name);
      return;
    }
    const inspection = await this.locks.inspect(name);
    // Its process may tell of it by now.
    if (this.#stopped || this.heard.isTold(name)) return;
    const before = this.latest.get(name)?.inspection;
    const asked = { inspection, time: Date.now() };
    this.latest.set(name, asked);
    if (before === undefined || !isSame(before, inspection)) this.heard.changed(asked);
  }
}

const isSame = (a: Inspection, b: Inspection): boolean =>
  a.held === b.held && a.holder?.tokenHash === b.holder?.tokenHash;
