import type { LockCommand, QueuePlace } from "../protocol/command.js";
import type { FenceSource } from "../protocol/fence.js";
import { failed } from "../protocol/refusal.js";
import type { Vote } from "../protocol/vote.js";
import { Claim, type Decided } from "./claim.js";
import type { ClaimCommand, Grant } from "./claim-command.js";
import { Downgrades } from "./downgrades.js";
import type { RoundResult } from "./round.js";

/** A claim with a shared token, which can be upgraded: the keys are then for the claim alone. */
export class ReaderClaim extends Claim {
  /** The end of the last upgrade, if it was not granted. */
  private downgrades: Downgrades | null = null;

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
