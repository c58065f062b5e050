import type { QueuePlace } from "../../engine/protocol/command.js";
import type { Membership } from "../../engine/protocol/membership.js";
import type { WakeupChannel, WakeupListener } from "../../engine/quorum/wakeup-channel.js";

/** ms to wait after the first node's message, because the release may still be on its way to the other nodes. */
const gatherDelay = 3;

/** An acquisition's place in the queues of the nodes, and the messages that notify the acquisition of its turn. */
export class QueuePosition implements WakeupListener {
  readonly place: QueuePlace;
  /** Whether a node may have the place in its queue. */
  taken = false;
  private readonly wakeups = new Set<number>();

  constructor(
    private readonly wakeupChannel: WakeupChannel,
    /** Epoch ms. */
    ticket: number,
    private readonly membership: Membership,
    /** Called when the acquisition should ask within `delay` ms. */
    private readonly onTurn: (delay: number) => void,
  ) {
    this.place = { id: wakeupChannel.register(this), ticket };
  }

  /** Starts listening for messages after a denial. */
  wait(): void {
    this.wakeupChannel.listen(this.place.id);
  }

  woken(node: number): void {
    this.wakeups.add(node);
    this.onTurn(this.delayUntilAttempt ?? 0);
  }

  subscribed(): void {
    if (!this.taken) this.onTurn(0);
  }

  /** ms until the acquisition should ask, according to the messages since its last attempt. Null without a message. */
  get delayUntilAttempt(): number | null {
    if (this.wakeups.size === 0) return null;
    return this.membership.isQuorum((node) => this.wakeups.has(node)) ? 0 : gatherDelay;
  }

  /** Returns the place for a new attempt, and forgets the messages received before. */
  ask(): QueuePlace {
    this.taken = true;
    this.wakeups.clear();
    return this.place;
  }

  end(): void {
    this.wakeupChannel.unregister(this.place.id);
  }
}
