import { answerTimeout, type Clock, elapsed, type Instant, now, type Timer } from "../time/clock.js";
import type { Connection, LockNode, Replacement } from "./lock-node.js";
import { weakly } from "./weak-watch.js";

export interface ConnectionGuardOptions {
  readonly node: LockNode;
  readonly clock: Clock;
  /** ms that a connection may take to become ready. */
  readonly connectTimeout: number;
  /** The node has not become ready in time. Told once until it does. */
  readonly onOverdue: (waited: number) => void;
  /** The connection is silent, and could not be replaced. Told once until it answers. */
  readonly onStuck: (why: Exclude<Replacement, "replacing" | "tooSoon">) => void;
}

/**
 * Sees to it that a node that is asked has a connection that can answer: opens one, and replaces one that does not become
 * ready, because its handshake got no answer, or that has fallen silent.
 */
export class ConnectionGuard {
  /** When the node was first asked to connect, or its connection was lost; null while it is ready, or not wanted. */
  private since: Instant | null = null;
  private wanted = false;
  private replaced = false;
  private overdueTold = false;
  private stuckTold = false;
  private timer: Timer | null = null;
  private closed = false;

  constructor(private readonly options: ConnectionGuardOptions) {}

  /** ms for which it has been waited for a connection; null while there is one, or none is wanted. */
  get waited(): number | null {
    return this.since === null ? null : elapsed(this.options.clock, this.since);
  }

  /** Whether nobody needs to wait any longer for the connection that is being opened. */
  get overdue(): boolean {
    return this.waited !== null && this.waited > this.options.connectTimeout;
  }

  /** Whether another connection is being opened in the place of one that was silent. */
  get replacing(): boolean {
    return this.replaced && !this.overdue;
  }

  /** The node is to be asked something. */
  want(): void {
    const { node } = this.options;
    this.wanted = true;
    if (node.connection === "ready") return;
    this.await();
    if (node.connection === "connecting") node.connect();
  }

  changed(connection: Connection): void {
    if (connection === "ready") {
      this.since = null;
      this.replaced = false;
      this.overdueTold = false;
      this.timer?.cancel();
      this.timer = null;
    } else if (this.wanted) {
      this.await();
    }
  }

  /** The connection is ready, and has been silent for longer than a node may. */
  silent(): void {
    // A node that was written for a program may have no connection of its own.
    if (this.options.node.replaceConnection === undefined) return;
    const outcome = this.replace();
    if (this.stuckTold || outcome === "replacing" || outcome === "tooSoon") return;
    this.stuckTold = true;
    this.options.onStuck(outcome);
  }

  /** The node has answered again. */
  answered(): void {
    this.stuckTold = false;
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private await(): void {
    this.since ??= now(this.options.clock);
    this.arm();
  }

  private arm(): void {
    if (this.closed || this.timer !== null) return;
    const { node, clock, connectTimeout } = this.options;
    // It reconnects by itself, and there is nothing to replace.
    if (node.connection === "down" && node.replaceConnection === undefined) return;
    this.timer = answerTimeout(
      clock,
      connectTimeout,
      weakly(this, (guard) => guard.look()),
      true,
    );
  }

  private look(): void {
    this.timer = null;
    if (this.options.node.connection === "ready") return;
    this.replace();
    // The node may have become ready meanwhile.
    if (this.since === null) return;
    this.arm();
    if (this.overdueTold) return;
    this.overdueTold = true;
    this.options.onOverdue(this.waited ?? 0);
  }

  private replace(): Replacement {
    const outcome = this.options.node.replaceConnection?.() ?? "impossible";
    if (outcome === "replacing") this.replaced = true;
    return outcome;
  }
}
