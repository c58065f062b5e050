import type { Connection, LockNode } from "../engine/node/lock-node.js";
import { CommandError, exitCode } from "./exit.js";
import { plain } from "./plain.js";

/** How the nodes are reached from here. They reconnect by themselves. */
export class Reach {
  readonly #nodes: readonly LockNode[];
  readonly #leave: readonly (() => void)[];
  /** Of each, the last that was told; nothing is told twice. */
  readonly #known = new Map<LockNode, Connection>();
  readonly #tried = new Set<LockNode>();
  #heard: () => void = () => undefined;

  /** `changed`: a node was lost, or is back. Not called for how they are at first. */
  constructor(nodes: readonly LockNode[], changed: (what: string) => void) {
    this.#nodes = nodes;
    this.#leave = nodes.map((node) =>
      node.watch((connection) => {
        this.#tried.add(node);
        const before = this.#known.get(node);
        if (connection !== "connecting") this.#known.set(node, connection);
        this.#heard();
        const isNews = before !== undefined && connection !== "connecting" && connection !== before;
        if (isNews)
          changed(connection === "ready" ? `${node.name} is back` : `lost ${describe(node)}; trying again`);
      }),
    );
  }

  /** Waits for one of them, for so many ms. @throws CommandError where none can be reached, unless it is `over` before. */
  async any(ms: number, over: AbortSignal): Promise<void> {
    if ((await this.#reached(ms, over)) || over.aborted) return;
    const line = `no node could be reached: ${this.describe()}; holdfast doctor says what is wrong with them`;
    throw new CommandError(exitCode.unavailable, line);
  }

  async #reached(ms: number, over: AbortSignal): Promise<boolean> {
    const isSo = () => this.#nodes.some(({ connection }) => connection === "ready");
    await new Promise<void>((resolve) => {
      const look = () => {
        if (isSo() || this.#tried.size === this.#nodes.length) done();
      };
      const timer = setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(timer);
        over.removeEventListener("abort", done);
        this.#heard = () => undefined;
        resolve();
      };
      over.addEventListener("abort", done);
      this.#heard = look;
      for (const node of this.#nodes) node.connect();
      look();
    });
    return isSo();
  }

  /** `redis://a:6379 ready, redis://b:6379 down: connect ECONNREFUSED`. */
  describe(): string {
    return this.#nodes.map(describe).join(", ");
  }

  leave(): void {
    for (const leave of this.#leave) leave();
  }
}

function describe({ name, connection, trouble }: LockNode): string {
  if (connection === "ready") return `${plain(name)} ready`;
  const why = trouble === "" && connection === "connecting" ? "no answer yet" : plain(trouble);
  return `${plain(name)} ${connection}${why === "" ? "" : `: ${why}`}`;
}
