import { ConnectionCause } from "../clients/connection-cause.js";
import { type ConnectionListener, ConnectionListeners } from "../clients/connection-listeners.js";
import type {
  Batch,
  Connection,
  Keyspace,
  LockNode,
  Replacement,
  SubscriptionListener,
} from "../engine/node/lock-node.js";
import type { Identification, MemoryChange } from "../engine/protocol/memory.js";
import { failed } from "../engine/protocol/refusal.js";
import type { SetRecord } from "../engine/protocol/set-record.js";
import type { NodeStatus } from "./messages.js";
import type { WorkerLink } from "./worker-link.js";

/** A node whose connection belongs to the worker, as the main thread sees it. What it is asked passes through the link, in order. */
export class PortNode implements LockNode {
  connection: Connection = "connecting";
  trouble = "";
  troubleLasts = false;
  sharded = false;
  renewsEach = false;
  opaque = false;
  writesLater = false;
  private connects = false;
  /** How the worker last answered the request for a new connection. */
  private replacement: Replacement = "replacing";
  private readonly listeners = new ConnectionListeners();

  constructor(
    readonly name: string,
    public keyspace: Keyspace | null,
    private readonly index: number,
    private readonly link: WorkerLink,
  ) {}

  watch(listener: ConnectionListener): () => void {
    return this.listeners.add(listener);
  }

  connect(): void {
    this.connects = true;
    this.link.open();
    this.link.send({ type: "connect", node: this.index });
  }

  replaceConnection(): Replacement {
    if (this.link.closed) return "impossible";
    this.link.send({ type: "replace", node: this.index });
    return this.replacement;
  }

  identify(id: string, change: MemoryChange | null, age = 0): Promise<Identification> {
    return this.link.call(this.index, "identify", [id, change, age]) as Promise<Identification>;
  }

  recordSets(sets: string, former: string, watermark: number): Promise<SetRecord> {
    return this.link.call(this.index, "recordSets", [sets, former, watermark]) as Promise<SetRecord>;
  }

  publish(channel: string, message: string): Promise<number> {
    return this.link.call(this.index, "publish", [channel, message]) as Promise<number>;
  }

  execute({ mark, requests }: Batch): void {
    if (this.connection === "ready") return this.link.execute(this.index, mark, requests);
    const answer = failed("notReady", this.trouble || "not connected");
    for (const request of requests) request.answered(answer);
  }

  subscribe(channel: string, listener: SubscriptionListener): () => void {
    this.link.open();
    return this.link.subscribe(this.index, channel, listener);
  }

  async close(): Promise<void> {
    await this.link.closeNode(this.index);
    this.listeners.clear();
  }

  // Called for the worker.

  /** Another worker was started. */
  started(): void {
    if (this.connects) this.link.send({ type: "connect", node: this.index });
  }

  ended(cause: string): void {
    this.connection = "down";
    this.trouble = cause;
    this.troubleLasts = false;
    this.listeners.notify("down", new ConnectionCause(cause, false, false));
  }

  told(status: NodeStatus, cause: string | undefined): void {
    // A node that was ready before is down until it is ready again, also if another worker connects it.
    const connection =
      this.connection === "down" && status.connection === "connecting" ? "down" : status.connection;
    const changed = connection !== this.connection;
    Object.assign(this, status, { connection });
    if (!changed && cause === undefined) return;
    const error = cause === undefined ? undefined : new ConnectionCause(cause, status.troubleLasts, false);
    this.listeners.notify(connection, error);
  }

  answeredReplacement(outcome: Replacement): void {
    this.replacement = outcome === "tooSoon" ? "replacing" : outcome;
  }
}
