import type { QueuePlace } from "../engine/protocol/command.js";
import { driftOf } from "../engine/protocol/validity.js";
import { ReaderClaim } from "../engine/quorum/reader-claim.js";
import type { Instant } from "../engine/time/clock.js";
import type { ExpiryReason } from "../errors.js";
import type { KeptLease } from "../lock/kept-lease.js";
import type { LeaseKeeper } from "../lock/lease-keeper.js";
import type { LeaseState } from "../lock/lease-state.js";
import { type LeaseSlot, LeaseSlots } from "./lease-slots.js";
import type { FromWorker } from "./messages.js";
import type { SharedClock } from "./shared-clock.js";
import type { WorkerLink } from "./worker-link.js";

type Keepable = Parameters<LeaseKeeper["keep"]>[0];

/** The leases that the worker renews when this thread does not, on the side of this thread. */
export class KeptLeases implements LeaseKeeper {
  readonly slots: LeaseSlots;
  private readonly leases = new Map<number, LeaseOfWorker>();
  private last = 0;
  /** The round that was confirmed last, and the leases that it has renewed, which are told of together. */
  private confirming: { start: Instant; ttl: number; leases: number[]; posting: number } | null = null;

  constructor(
    readonly link: WorkerLink,
    readonly clock: SharedClock,
  ) {
    this.slots = new LeaseSlots((page) => link.send({ type: "page", page }));
  }

  keep(lease: Keepable): KeptLease {
    const number = ++this.last;
    const kept = new LeaseOfWorker(this, number, lease, this.slots.take());
    this.leases.set(number, kept);
    kept.register();
    return kept;
  }

  confirmed(lease: number, start: Instant, ttl: number): void {
    const { confirming, link } = this;
    const { posting } = link;
    if (confirming?.start === start && confirming.ttl === ttl && confirming.posting === posting) {
      confirming.leases.push(lease);
      return;
    }
    const leases = [lease];
    this.confirming = { start, ttl, leases, posting };
    link.sendLater({ type: "confirmed", leases, start: this.clock.toShared(start), ttl });
  }

  remove(number: number, slot: number): void {
    this.leases.delete(number);
    this.slots.giveBack(slot);
  }

  /** Another worker was started. */
  started(): void {
    this.slots.shareAgain();
    for (const kept of this.leases.values()) kept.register();
  }

  told(message: Extract<FromWorker, { type: "renewed" | "lost" }>): void {
    const kept = this.leases.get(message.lease);
    this.link.sendLater({ type: "alive" });
    if (message.type === "renewed") kept?.onRenewed(message.votes);
    else kept?.lease.due();
  }
}

/** One lease that the worker keeps. */
class LeaseOfWorker implements KeptLease {
  private readonly slot: LeaseSlot;
  /** The version of the slot that the state has, and the one that was reported. */
  private seen = 0;
  private reported = 0;

  constructor(
    private readonly leases: KeptLeases,
    private readonly number: number,
    readonly lease: Keepable,
    private readonly index: number,
  ) {
    this.slot = leases.slots.at(index);
    this.slot.begin();
  }

  /** Tells the worker of the lease, before the code under the lease can block this thread. */
  register(): void {
    const { leases, number, index, lease } = this;
    const { clock, link } = leases;
    const { grant, claim, resources, dropped, confirmedAt, ttl } = lease.leaseState;
    link.send({
      type: "keep",
      lease: number,
      slot: index,
      resources,
      keys: claim.keys,
      token: claim.token,
      grantedAt: clock.toShared(grant.at),
      confirmedAt: clock.toShared(confirmedAt),
      ttl: grant.ttl,
      lastTtl: ttl,
      maxHold: grant.maxHold,
      holdAtLeast: grant.holdAtLeast,
      renewBefore: grant.renewBefore,
    });
    const place = claim instanceof ReaderClaim ? claim.upgradedWith : null;
    if (place !== null) this.upgraded(place);
    if (dropped) this.drop();
  }

  ask(state: LeaseState): ExpiryReason | null {
    const { slot } = this;
    const lost = slot.ask();
    if (lost !== null) return lost;
    const { version } = slot;
    if (version !== this.seen) {
      this.seen = version;
      const { start, ttl } = slot.confirmation;
      const drift = driftOf(ttl, this.lease.settings.driftFactor);
      state.confirmElsewhere(this.leases.clock.toLocal(start), ttl, drift);
    }
    return null;
  }

  onRenewed(votes: Parameters<Keepable["renewedElsewhere"]>[0]): void {
    const { version } = this.slot;
    // After a stall, one report stands for all renewals of that time.
    if (version === this.reported) return;
    this.reported = version;
    this.lease.renewedElsewhere(votes);
  }

  upgraded(place: QueuePlace): void {
    this.leases.link.sendLater({ type: "upgraded", lease: this.number, place });
  }

  confirmed(start: Instant, ttl: number): void {
    this.leases.confirmed(this.number, start, ttl);
  }

  drop(): void {
    this.leases.link.sendLater({ type: "drop", lease: this.number });
  }

  end(): void {
    this.slot.end();
    this.leases.link.sendLater({ type: "end", lease: this.number });
  }

  close(handedOver: boolean): void {
    const { leases, number } = this;
    this.slot.end();
    leases.link.sendLater({ type: "over", lease: number, handedOver });
    leases.remove(number, this.index);
  }
}
