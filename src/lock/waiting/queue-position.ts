import type { Place } from "../../engine/protocol/command.js";
import type { Doorbell, Waiter } from "../../engine/quorum/wakeup-channel.js";

/** ms from the first node's word until the others' must have come: the release may still be on its way to them. */
const gathering = 3;

/** An acquisition's place in the queues of the nodes, and what it hears of its turn. */
export class Standing implements Waiter {
  readonly place: Place;
  /** Whether a node may have it in its queue. */
  taken = false;
  private readonly rings = new Set<number>();

  constructor(
    private readonly doorbell: Doorbell,
    /** Epoch ms. */
    ticket: number,
    private readonly quorum: number,
    /** Its turn has come, in so many ms at the latest. */
    private readonly onTurn: (delay: number) => void,
  ) {
    this.place = { id: doorbell.enter(this), ticket };
  }

  /** It was denied, and waits from now on. */
  wait(): void {
    this.doorbell.listen(this.place.id);
  }

  rung(node: number): void {
    this.rings.add(node);
    this.onTurn(this.turn ?? 0);
  }

  standing(): void {
    if (!this.taken) this.onTurn(0);
  }

  /** ms until it had better ask, by what it has heard since it asked; null if it has heard nothing. */
  get turn(): number | null {
    if (this.rings.size === 0) return null;
    return this.rings.size >= this.quorum ? 0 : gathering;
  }

  /** It asks: what it has heard has served. */
  ask(): Place {
    this.taken = true;
    this.rings.clear();
    return this.place;
  }

  end(): void {
    this.doorbell.forget(this.place.id);
  }
}
