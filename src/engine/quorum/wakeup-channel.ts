import type { LockNode } from "../node/lock-node.js";
import { longestReservation, reservation, wakeChannel } from "../protocol/command.js";
import type { Clock, Timer } from "../time/clock.js";
import type { Random } from "../time/random.js";
import { quorumOf } from "./decision.js";

/** Somebody who waits. Must not throw. */
export interface WakeupListener {
  /** A node says that it is this one's turn. `node`: its place in the quorum. */
  woken(node: number): void;
  /** From now on it would be told. */
  subscribed(): void;
}

/** Nodes that somebody else wrote may not be able to tell anything. */
type Subscribable = Partial<Pick<LockNode, "subscribe">>;

/**
 * A free key is kept for so many times as long as the nodes take to answer, where that is long: the message that it is
 * free, and the question for it, take as long together.
 */
const slack = 2;

/** ms that it stays open after the last waiter, who is often followed by the next. */
const linger = 5_000;

/**
 * Where those who wait in this process are told that their turn has come: one channel of the process's own, listened to
 * on every node, and only while somebody waits. What is heard is a hint; who hears nothing asks again in any case.
 */
export class WakeupChannel {
  private readonly process: string;
  private serial = 0;
  private readonly listeners = new Map<string, WakeupListener>();
  /** Those of them who were denied. */
  private readonly waiting = new Set<string>();
  private unsubscribes: (() => void)[] | null = null;
  private readonly subscribedNodes = new Set<number>();
  private closing: Timer | null = null;
  /** ms that they lately took, on average. */
  private answering: number | null = null;

  constructor(
    private readonly nodes: readonly Subscribable[],
    private readonly clock: Clock,
    random: Random,
  ) {
    this.process = random.secret();
  }

  /** Whether a quorum of nodes could tell. */
  get isSubscribed(): boolean {
    return this.unsubscribes !== null && this.subscribedNodes.size >= quorumOf(this.nodes.length);
  }

  /** How many wait. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** ms that the nodes took to answer somebody who was denied. */
  answered(ms: number): void {
    this.answering = this.answering === null ? ms : this.answering + (ms - this.answering) / 4;
  }

  /** An id for a place in the queues; whoever asks under it is told until `forget`, while anybody listens. */
  register(listener: WakeupListener): string {
    const kept = Math.min(Math.ceil((this.answering ?? 0) * slack), longestReservation);
    const id = `${this.process}:${++this.serial}${kept > reservation ? `:${kept}` : ""}`;
    this.listeners.set(id, listener);
    return id;
  }

  /** Who entered under this id has to wait. */
  listen(id: string): void {
    this.waiting.add(id);
    this.closing?.cancel();
    this.closing = null;
    this.open();
  }

  unregister(id: string): void {
    this.listeners.delete(id);
    if (!this.waiting.delete(id) || this.waiting.size > 0) return;
    this.closing = this.clock.after(linger, () => this.close(), true);
  }

  close(): void {
    this.closing?.cancel();
    this.closing = null;
    for (const unsubscribe of this.unsubscribes ?? []) unsubscribe();
    this.unsubscribes = null;
    this.subscribedNodes.clear();
  }

  private open(): void {
    if (this.unsubscribes !== null) return;
    this.unsubscribes = [];
    for (const [index, node] of this.nodes.entries()) {
      const unsubscribe = node.subscribe?.(wakeChannel(this.process), {
        subscribed: () => this.nodeSubscribed(index),
        unsubscribed: () => this.subscribedNodes.delete(index),
        message: (id) => this.listeners.get(id)?.woken(index),
      });
      if (unsubscribe) this.unsubscribes.push(unsubscribe);
    }
  }

  private nodeSubscribed(index: number): void {
    const stood = this.isSubscribed;
    this.subscribedNodes.add(index);
    if (stood || !this.isSubscribed) return;
    for (const listener of [...this.listeners.values()]) listener.subscribed();
  }
}
