import type { Batch, Connection, LockNode, Reply, Request } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { formatMarker, type Identification, readMarker } from "../../src/engine/protocol/memory.js";

/** A request that reached the node, and the function that answers it. */
interface Arrival {
  readonly command: LockCommand;
  readonly request: Request;
  readonly mark: string | null;
  answer(reply: Reply): void;
}

/** A node whose requests the test answers itself, in any order and at any time. */
export class ScriptedNode implements LockNode {
  readonly keyspace = { prefix: "", database: 0 };
  readonly sharded = false;
  connection: Connection = "ready";
  trouble = "";
  readonly arrivals: Arrival[] = [];
  /** The arrivals, grouped by batch. */
  readonly batches: Arrival[][] = [];
  connects = 0;
  /** Whether `identify` never resolves. A mute node whose requests stay unanswered is unresponsive. */
  mute = false;
  /** Whether the node takes "renewEach". */
  renewsEach = false;
  private readonly listeners = new Set<(connection: Connection, cause?: Error) => void>();

  constructor(
    readonly name: string,
    public identity: string | null = name,
    readonly opaque = false,
  ) {}

  watch(listener: (connection: Connection, cause?: Error) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get watchers(): number {
    return this.listeners.size;
  }

  connect(): void {
    this.connects++;
  }

  /** Reports a node that still has its memory. */
  async identify(): Promise<Identification> {
    const { identity } = this;
    if (this.mute) return new Promise(() => {});
    const marker = formatMarker("scripted", identity ?? "", 0);
    if (identity === null) return { runId: null, id: null, memory: null };
    return readMarker(marker, { runId: identity, now: 0, watermark: 0, longLeft: 0 });
  }

  execute({ mark, requests }: Batch): void {
    const batch = requests.map((request) => {
      const answer = (reply: Reply) => queueMicrotask(() => request.answered(reply));
      return { command: request.command, request, mark, answer };
    });
    this.batches.push(batch);
    this.arrivals.push(...batch);
  }

  subscribe(): null {
    return null;
  }

  async close(): Promise<void> {}

  change(connection: Connection, cause?: Error): void {
    this.connection = connection;
    this.trouble = cause?.message ?? "";
    for (const listener of this.listeners) listener(connection, cause);
  }

  /** The arrived requests with this operation. */
  of(op: LockCommand["op"]): Arrival[] {
    return this.arrivals.filter(({ command }) => command.op === op);
  }

  get ops(): string[] {
    return this.arrivals.map(({ command }) => command.op);
  }
}

export const granted: Reply = { kind: "granted" };
export const missing: Reply = { kind: "denied", holder: null };
export const denied: Reply = {
  kind: "denied",
  holder: { key: "a", owner: "other", tokenHash: "0123456789abcdef", ttlLeft: 500, type: "string" },
};
export const refused: Reply = { kind: "failed", reason: "refused", message: "ERR no" };
