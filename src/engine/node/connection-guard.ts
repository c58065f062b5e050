import { sharedContext } from "../../support/async-context.js";
import { answerTimeout, type Clock, elapsed, type Instant, now, type Timer } from "../time/clock.js";
import type { Connection, LockNode, Replacement } from "./lock-node.js";
import { weakly } from "./weak-watch.js";

export interface ConnectionGuardOptions {
  readonly node: LockNode;
  readonly clock: Clock;
  /** Limit in ms for a connection to become ready. */
  readonly connectTimeout: number;
  /** Called when the node has not become ready in time: once, until the node becomes ready. */
  readonly onOverdue: (waited: number) => void;
  /** Called when the connection is silent and could not be replaced: once, until the node answers. */
  readonly onStuck: (why: Exclude<Replacement, "replacing" | "tooSoon">) => void;
}

/**
 * Keeps the connection of a node that is in use able to answer: opens a connection, and replaces a connection that does
 * not become ready because its handshake got no answer, or that has become silent.
 */
export class ConnectionGuard {
  /**
   * When the node was first asked to connect, or its connection was lost; null while the connection is ready or not
   * needed.
   */
  private waitingSince: Instant | null = null;
  private needed = false;
  private replaced = false;
  private overdueReported = false;
  private stuckReported = false;
  private timer: Timer | null = null;
  private closed = false;

  private readonly onDue = weakly(this, (guard: ConnectionGuard) => guard.check());

  constructor(private readonly options: ConnectionGuardOptions) {}

  /** How long the guard has waited for a connection, in ms; null while the connection is ready or not needed. */
  get waited(): number | null {
    return this.waitingSince === null ? null : elapsed(this.options.clock, this.waitingSince);
  }

  /** Whether the connection took longer than its timeout, so that callers need not wait for it any longer. */
  get overdue(): boolean {
    return this.waited !== null && this.waited > this.options.connectTimeout;
  }

  /** Whether a new connection is being opened in place of a silent one. */
  get replacing(): boolean {
    return this.replaced && !this.overdue;
  }

  /** A command is about to be sent to the node, so the node needs a connection. */
  requireConnection(): void {
    const { node } = this.options;
    this.needed = true;
    if (node.connection === "ready") return;
    this.startWaiting();
    if (node.connection === "connecting") sharedContext.runInAsyncScope(node.connect, node);
  }

  changed(connection: Connection): void {
    if (connection === "ready") {
      this.waitingSince = null;
      this.replaced = false;
      this.overdueReported = false;
      this.timer?.cancel();
      this.timer = null;
    } else if (this.needed) {
      this.startWaiting();
    }
  }

  /** The connection is ready, and has been silent for longer than a node may be. */
  silent(): void {
    // A custom node may have no connection of its own.
    if (this.options.node.replaceConnection === undefined) return;
    const outcome = this.replace();
    if (this.stuckReported || outcome === "replacing" || outcome === "tooSoon") return;
    this.stuckReported = true;
    this.options.onStuck(outcome);
  }

  /** The node has answered again. */
  answered(): void {
    this.stuckReported = false;
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private startWaiting(): void {
    this.waitingSince ??= now(this.options.clock);
    this.arm();
  }

  private arm(): void {
    if (this.closed || this.timer !== null) return;
    const { node, clock, connectTimeout } = this.options;
    // The node reconnects by itself, and there is no connection to replace.
    if (node.connection === "down" && node.replaceConnection === undefined) return;
    this.timer = answerTimeout(clock, connectTimeout, this.onDue, true);
  }

  private check(): void {
    this.timer = null;
    if (this.options.node.connection === "ready") return;
    this.replace();
    // The node may have become ready in the meantime.
    if (this.waitingSince === null) return;
    this.arm();
    if (this.overdueReported) return;
    this.overdueReported = true;
    this.options.onOverdue(this.waited ?? 0);
  }

  private replace(): Replacement {
    const outcome = this.options.node.replaceConnection?.() ?? "impossible";
    if (outcome === "replacing") this.replaced = true;
    return outcome;
  }
}
