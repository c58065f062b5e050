import type { AsyncContext } from "../../support/async-context.js";
import type { LockCommand, QueuePlace, QueuePolicy } from "../protocol/command.js";
import type { FenceSource } from "../protocol/fence.js";
import { failed } from "../protocol/refusal.js";
import type { Vote } from "../protocol/vote.js";
import { Claim, type Decided } from "./claim.js";
import type { ClaimCommand, Grant } from "./claim-command.js";
import { Downgrades } from "./downgrades.js";
import type { MemberGate } from "./member-gate.js";
import type { Origin } from "./origin.js";
import type { RoundContext, RoundResult } from "./round.js";

/**
 * A claim with a shared token, which can be upgraded: the keys are then for the claim alone. From then on each renewal asks for the
 * keys alone: a node that was absent during the upgrade, or has lost the keys, would otherwise let others share them.
 */
export class ReaderClaim extends Claim {
  /** The end of the last upgrade, if it was not granted. */
  private downgrades: Downgrades | null = null;
  /** The place with which the claim asks for its keys alone, once it is upgraded. */
  private alone: QueuePlace | null = null;

  constructor(
    context: RoundContext,
    keys: readonly string[],
    token: string,
    origin: Origin | null,
    caller: AsyncContext,
    /** The place with which the claim takes over a lease that was upgraded; null if it does not. */
    private readonly inherited: QueuePlace | null = null,
  ) {
    super(context, keys, token, origin, caller);
  }

  /** Takes over an upgraded lease only if a quorum gives the keys to the claim alone: some nodes may know it as a reader. */
  override acquire(
    ttl: number,
    timeout: number,
    fences: FenceSource | null,
    queue: QueuePolicy | null,
    decided: Decided,
    gate: MemberGate | null = null,
  ): void {
    const { inherited } = this;
    if (inherited === null) return super.acquire(ttl, timeout, fences, queue, decided, gate);
    const onSwapped = (swapped: RoundResult) => {
      if (swapped.verdict !== "granted") return decided(swapped);
      this.upgrade(ttl, timeout, null, inherited, (result) => {
        if (result.verdict === "granted") this.upgraded(inherited);
        decided(swapped.fence === undefined ? result : { ...result, fence: swapped.fence });
      });
    };
    super.acquire(ttl, timeout, fences, queue, onSwapped, gate);
  }

  /** The claim was upgraded with this place. */
  upgraded(place: QueuePlace): void {
    this.alone = place;
    this.place = place;
  }

  /** The place with which the claim asks for its keys alone; null unless it is upgraded. */
  get upgradedWith(): QueuePlace | null {
    return this.alone;
  }

  override get groupable(): boolean {
    return this.alone === null && super.groupable;
  }

  override heal(member: number, ttl: number): void {
    super.heal(member, ttl);
    if (this.alone !== null) this.send(member, this.renewal(ttl), null);
  }

  protected override renewal(ttl: number): LockCommand {
    const { alone: place, keys, token } = this;
    return place === null ? super.renewal(ttl) : { op: "upgrade", keys, token, ttl, queue: { place } };
  }

  override renew(ttl: number, timeout: number, decided: (result: RoundResult) => boolean): void {
    for (const index of this.downgrades?.missing() ?? []) this.downgradeAt(index);
    super.renew(ttl, timeout, decided);
  }

  /**
   * Asks for the keys for the claim alone and for `ttl` ms. A node whose keys others share keeps new ones out meanwhile.
   * `place`: see the command. The end of an upgrade that was not granted must be told by `downgrade`.
   */
  upgrade(
    ttl: number,
    timeout: number,
    fences: FenceSource | null,
    place: QueuePlace,
    decided: Decided,
  ): void {
    const { keys, token } = this;
    this.maxTtl = Math.max(this.maxTtl, ttl);
    this.place = place;
    this.downgrades = null;
    const command: LockCommand = { op: "upgrade", keys, token, ttl, queue: { place } };
    this.askWith(fences, command, timeout, decided, null);
  }

  /** Undoes an upgrade on every node, so that others may share the keys again. */
  downgrade(id: string): void {
    if (this.ended) return;
    this.downgrades = new Downgrades({ op: "downgrade", keys: this.keys, token: this.token, queue: { id } });
    for (const { index, touched } of this.records) if (touched) this.downgradeAt(index);
  }

  /** Whether a command that undoes an upgrade may still arrive at a node: it would undo a later upgrade too. */
  get downgrading(): boolean {
    return (this.downgrades?.unconfirmed.length ?? 0) > 0;
  }

  /** For each node at which such a command may still arrive, a vote that says so. */
  get unconfirmed(): Vote[] {
    const silent = failed("timeout", "has not confirmed the end of an earlier upgrade");
    return (this.downgrades?.unconfirmed ?? []).flatMap((index) => {
      const node = this.records[index]?.member.name;
      return node === undefined ? [] : { ...silent, node };
    });
  }

  /** Calls back when that is no longer so. A later call replaces the callback. */
  whenDowngraded(callback: () => void): void {
    if (this.downgrades !== null) this.downgrades.onSettled = callback;
  }

  override onGranted(command: ClaimCommand, answer: Grant): void {
    if (command.command.op === "upgrade") this.downgradeAt(command.record.index);
    super.onGranted(command, answer);
  }

  private downgradeAt(index: number): void {
    const { downgrades } = this;
    if (downgrades === null) return;
    downgrades.sent(index);
    this.send(index, downgrades.command, { vote: (_, reply) => downgrades.answered(index, reply) });
  }
}
