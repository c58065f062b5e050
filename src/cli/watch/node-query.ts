import type { Inspection, Locks } from "../../api/types.js";

/** Pause in ms between two rounds of questions. */
const period = 1_000;

export interface NodeAnswer {
  readonly inspection: Inspection;
  /** Epoch ms. */
  readonly time: number;
}

/** Asks the nodes once a second about resources that no process reports. Changes nothing on the nodes. */
export class NodeQuery {
  readonly latest = new Map<string, NodeAnswer>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /**
   * `isReported`: whether a process reports a holder of the resource. `changed`: called when the holder has changed, the
   * resource is free, or nothing is known. `failed`: called when the nodes cannot be asked at all; no further round
   * follows.
   */
  constructor(
    private readonly locks: Pick<Locks, "inspect">,
    private readonly names: readonly string[],
    private readonly listener: {
      isReported(name: string): boolean;
      changed(asked: NodeAnswer): void;
      failed(error: unknown): void;
    },
  ) {}

  start(): void {
    if (this.names.length > 0) this.#round().then(() => this.#next(), this.listener.failed);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Starts the next round only after all answers: nodes that hang must not be asked more and more. */
  #next(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.start(), period);
  }

  async #round(): Promise<void> {
    await Promise.all(this.names.map((name) => this.#ask(name)));
  }

  async #ask(name: string): Promise<void> {
    if (this.listener.isReported(name)) {
      this.latest.delete(name);
      return;
    }
    const inspection = await this.locks.inspect(name);
    // A process may have reported the holder meanwhile.
    if (this.#stopped || this.listener.isReported(name)) return;
    const before = this.latest.get(name)?.inspection;
    const asked = { inspection, time: Date.now() };
    this.latest.set(name, asked);
    if (before === undefined || !isSame(before, inspection)) this.listener.changed(asked);
  }
}

const isSame = (a: Inspection, b: Inspection): boolean =>
  a.held === b.held &&
  a.holder?.tokenHash === b.holder?.tokenHash &&
  (a.keptUntil === undefined) === (b.keptUntil === undefined);
