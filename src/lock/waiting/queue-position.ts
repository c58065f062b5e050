import type { QueuePlace } from "../../engine/protocol/command.js";
import type { Membership } from "../../engine/protocol/membership.js";
import type { MemberGate } from "../../engine/quorum/member-gate.js";
import type { WaiterMarks, WakeupChannel, WakeupListener } from "../../engine/quorum/wakeup-channel.js";
import type { Clock, Timer } from "../../engine/time/clock.js";

/**
 * ms after the first node's message at which all other nodes are asked too. The release may still be on its way to them, or
 * their messages may be lost.
 */
const gatherDelay = 3;

/**
 * An acquisition's place in the queues of the nodes, and the messages that notify the acquisition of its turn. An attempt that
 * follows a message asks each node when its own message has arrived: a node that is asked earlier may still have to execute the
 * release, and would deny. Once a quorum has been asked, the other nodes are asked when it has granted, so that the grant need
 * not wait for them.
 */
export class QueuePosition implements WakeupListener, MemberGate {
  readonly place: QueuePlace;
  /** Whether a node may have the place in its queue. */
  taken = false;
  /** The nodes whose messages have arrived since the last attempt began, and that it did not ask because of them. */
  private readonly wakeups = new Set<number>();
  /** The nodes that the current attempt asks because of their messages. Null if it asks all nodes at once. */
  private told: Set<number> | null = null;
  /** The nodes that the current attempt asks later, with the functions that ask them. */
  private readonly unasked = new Map<number, () => void>();
  private timer: Timer | null = null;

  constructor(
    private readonly wakeupChannel: WakeupChannel,
    /** Epoch ms. */
    ticket: number,
    private readonly membership: Membership,
    private readonly clock: Clock,
    /** Called when the acquisition should ask. */
    private readonly onTurn: () => void,
    marks: WaiterMarks = {},
  ) {
    this.place = { id: wakeupChannel.register(this, marks), ticket };
  }

  /** Starts listening for messages after a denial. */
  wait(): void {
    this.wakeupChannel.listen(this.place.id);
  }

  woken(node: number): void {
    const ask = this.unasked.get(node);
    if (ask === undefined) {
      this.wakeups.add(node);
      return this.onTurn();
    }
    if (this.told === null || this.isQuorum(this.told)) return;
    this.told.add(node);
    this.unasked.delete(node);
    ask();
  }

  subscribed(): void {
    if (!this.taken) this.onTurn();
  }

  /** Whether a message has arrived that no attempt has followed. */
  get notified(): boolean {
    return this.wakeups.size > 0;
  }

  /** Begins an attempt, which follows the messages that have arrived. Returns the place. */
  ask(): QueuePlace {
    this.forgetUnasked();
    this.taken = true;
    const { wakeups } = this;
    this.told = wakeups.size === 0 || this.isQuorum(wakeups) ? null : new Set(wakeups);
    wakeups.clear();
    return this.place;
  }

  /** Decides when the attempt that has just begun asks each node. Null: all at once. */
  get gate(): MemberGate | null {
    return this.told === null ? null : this;
  }

  admit(node: number, ask: () => void): void {
    if (this.told?.has(node) === true) return ask();
    this.unasked.set(node, ask);
    this.timer ??= this.clock.after(gatherDelay, () => this.admitAll());
  }

  admitAll(): void {
    const asks = [...this.unasked.values()];
    this.forgetUnasked();
    for (const ask of asks) ask();
  }

  end(): void {
    this.forgetUnasked();
    this.wakeupChannel.unregister(this.place.id);
  }

  private isQuorum(nodes: ReadonlySet<number>): boolean {
    return this.membership.isQuorum((node) => nodes.has(node));
  }

  private forgetUnasked(): void {
    this.unasked.clear();
    this.timer?.cancel();
    this.timer = null;
  }
}
