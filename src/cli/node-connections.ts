import type { Connection, LockNode } from "../engine/node/lock-node.js";
import { CommandError, exitCode } from "./exit.js";
import { plain } from "./plain.js";

/** Tracks the connections to the nodes. The nodes reconnect by themselves. */
export class NodeConnections {
  readonly #nodes: readonly LockNode[];
  readonly #unwatch: readonly (() => void)[];
  /** The last reported state of each node; a state is not reported twice. */
  readonly #known = new Map<LockNode, Connection>();
  readonly #tried = new Set<LockNode>();
  #onConnection: () => void = () => undefined;

  /** `changed` is called when a node was lost or is back, but not for its initial state. */
  constructor(nodes: readonly LockNode[], changed: (what: string) => void) {
    this.#nodes = nodes;
    this.#unwatch = nodes.map((node) =>
      node.watch((connection) => {
        this.#tried.add(node);
        const before = this.#known.get(node);
        if (connection !== "connecting") this.#known.set(node, connection);
        this.#onConnection();
        const hasChanged = before !== undefined && connection !== "connecting" && connection !== before;
        if (hasChanged)
          changed(connection === "ready" ? `${node.name} is back` : `lost ${describe(node)}; trying again`);
      }),
    );
  }

  /**
   * Waits at most `ms` until a node is ready.
   * @throws CommandError if no node can be reached, unless `over` has aborted
   */
  async waitForAny(ms: number, over: AbortSignal): Promise<void> {
    if ((await this.#reached(ms, over)) || over.aborted) return;
    const line = `no node could be reached: ${this.describe()}; holdfast doctor says what is wrong with them`;
    throw new CommandError(exitCode.unavailable, line);
  }

  async #reached(ms: number, over: AbortSignal): Promise<boolean> {
    const isReady = () => this.#nodes.some(({ connection }) => connection === "ready");
    await new Promise<void>((resolve) => {
      const check = () => {
        if (isReady() || this.#tried.size === this.#nodes.length) done();
      };
      const timer = setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(timer);
        over.removeEventListener("abort", done);
        this.#onConnection = () => undefined;
        resolve();
      };
      over.addEventListener("abort", done);
      this.#onConnection = check;
      for (const node of this.#nodes) node.connect();
      check();
    });
    return isReady();
  }

  /** `redis://a:6379 ready, redis://b:6379 down: connect ECONNREFUSED`. */
  describe(): string {
    return this.#nodes.map(describe).join(", ");
  }

  stop(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }
}

function describe({ name, connection, trouble }: LockNode): string {
  if (connection === "ready") return `${plain(name)} ready`;
  const why = trouble === "" && connection === "connecting" ? "no answer yet" : plain(trouble);
  return `${plain(name)} ${connection}${why === "" ? "" : `: ${why}`}`;
}
