import type { QueuePlace } from "../../engine/protocol/command.js";
import type { WakeupChannel, WakeupListener } from "../../engine/quorum/wakeup-channel.js";

/** ms from the first node's word until the others' must have come: the release may still be on its way to them. */
const gathering = 3;

/** An acquisition's place in the queues of the nodes, and what it hears of its turn. */
export class QueuePosition implements WakeupListener {
  readonly place: QueuePlace;
  /** Whether a node may have it in its queue. */
  taken = false;
  private readonly wakeups = new Set<number>();

  constructor(
    private readonly wakeupChannel: WakeupChannel,
    /** Epoch ms. */
    ticket: number,
    private readonly quorum: number,
    /** Its turn has come, in so many ms at the latest. */
    private readonly onTurn: (delay: number) => void,
  ) {
    this.place = { id: wakeupChannel.register(this), ticket };
  }

  /** It was denied, and waits from now on. */
  wait(): void {
    this.wakeupChannel.listen(this.place.id);
  }

  woken(node: number): void {
    this.wakeups.add(node);
    this.onTurn(this.turn ?? 0);
  }

  subscribed(): void {
    if (!this.taken) this.onTurn(0);
  }

  /** ms until it had better ask, by what it has heard since it asked; null if it has heard nothing. */
  get turn(): number | null {
    if (this.wakeups.size === 0) return null;
    return this.wakeups.size >= this.quorum ? 0 : gathering;
  }

  /** It asks: what it has heard has served. */
  ask(): QueuePlace {
    this.taken = true;
    this.wakeups.clear();
    return this.place;
  }

  end(): void {
    this.wakeupChannel.unregister(this.place.id);
  }
}
