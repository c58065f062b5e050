import { sharedContext } from "../../support/async-context.js";
import type { LockNode } from "../node/lock-node.js";
import { maxReservation, reservation, wakeChannel } from "../protocol/command.js";
import type { Membership } from "../protocol/membership.js";
import type { Clock, Timer } from "../time/clock.js";
import type { Random } from "../time/random.js";

/** A caller that waits for a lock. The methods must not throw. */
export interface WakeupListener {
  /** A node reports that it is this waiter's turn. `node`: the index of the node in the quorum. */
  woken(node: number): void;
  /** A quorum of nodes is subscribed: from now on wake-up messages are delivered. */
  subscribed(): void;
}

/** Custom nodes may offer no subscriptions. */
type Subscribable = Partial<Pick<LockNode, "subscribe">>;

/**
 * If the nodes take long to answer, a free key is reserved for this many times their response time: the wake-up message
 * and the command that claims the key take that long together.
 */
const reservationFactor = 2;

/** What stands before and after the number in the id of a waiter, and tells its kind: see {@link QueuePlace}. */
export interface WaiterMarks {
  readonly before?: string;
  readonly after?: string;
}

/** How long the channel stays subscribed after the last waiter, in ms. Another waiter often follows soon. */
const lingerMs = 5_000;

/**
 * The channel on which the waiters of this process are notified that their turn has come. Each process has one channel,
 * which is subscribed on every node while there are waiters. A message is only a hint: a waiter that gets no message
 * polls.
 */
export class WakeupChannel {
  private readonly process: string;
  private serial = 0;
  private readonly listeners = new Map<string, WakeupListener>();
  /** The ids of the listeners that were denied and wait. */
  private readonly waiting = new Set<string>();
  /** Whether a quorum of nodes is subscribed. */
  isSubscribed = false;
  private unsubscribes: (() => void)[] | null = null;
  private readonly subscribedNodes = new Set<number>();
  private closing: Timer | null = null;
  /** Moving average of the nodes' response time in ms. */
  private averageResponseMs: number | null = null;

  constructor(
    private readonly nodes: readonly Subscribable[],
    private readonly membership: Membership,
    private readonly clock: Clock,
    random: Random,
  ) {
    this.process = random.secret();
  }

  /** The number of waiters. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Records how many ms the nodes took to answer a caller that was denied. */
  answered(ms: number): void {
    this.averageResponseMs =
      this.averageResponseMs === null ? ms : this.averageResponseMs + (ms - this.averageResponseMs) / 4;
  }

  /**
   * Returns an id for a place in the queues. The listener is notified until `unregister`, while the channel is
   * subscribed. `marks`: what kind of waiter it is.
   */
  register(listener: WakeupListener, marks: WaiterMarks = {}): string {
    const reserved = Math.min(Math.ceil((this.averageResponseMs ?? 0) * reservationFactor), maxReservation);
    const id = `${this.process}:${marks.before ?? ""}${++this.serial}${marks.after ?? ""}${reserved > reservation ? `:${reserved}` : ""}`;
    this.listeners.set(id, listener);
    return id;
  }

  /** The caller with this id has to wait: subscribes to the channel. */
  listen(id: string): void {
    this.waiting.add(id);
    this.closing?.cancel();
    this.closing = null;
    // The subscription serves all waiters, and outlives this one.
    if (this.unsubscribes === null) sharedContext.runInAsyncScope(this.open, this);
  }

  unregister(id: string): void {
    this.listeners.delete(id);
    if (!this.waiting.delete(id) || this.waiting.size > 0) return;
    this.closing = this.clock.after(lingerMs, () => this.close(), true);
  }

  close(): void {
    this.closing?.cancel();
    this.closing = null;
    for (const unsubscribe of this.unsubscribes ?? []) unsubscribe();
    this.unsubscribes = null;
    this.subscribedNodes.clear();
    this.isSubscribed = false;
  }

  private open(): void {
    this.unsubscribes = [];
    for (const [index, node] of this.nodes.entries()) {
      const unsubscribe = node.subscribe?.(wakeChannel(this.process), {
        subscribed: () => this.subscribedAt(index),
        unsubscribed: () => this.unsubscribedAt(index),
        message: (id) => this.listeners.get(id)?.woken(index),
      });
      if (unsubscribe) this.unsubscribes.push(unsubscribe);
    }
  }

  private subscribedAt(index: number): void {
    // The channel may have been closed meanwhile.
    if (this.unsubscribes === null) return;
    this.subscribedNodes.add(index);
    if (this.isSubscribed || !this.hasQuorum) return;
    this.isSubscribed = true;
    for (const listener of [...this.listeners.values()]) listener.subscribed();
  }

  private unsubscribedAt(index: number): void {
    this.subscribedNodes.delete(index);
    this.isSubscribed &&= this.hasQuorum;
  }

  private get hasQuorum(): boolean {
    return this.membership.isQuorum((node) => this.subscribedNodes.has(node));
  }
}
