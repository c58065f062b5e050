import type { AsyncContext } from "../../support/async-context.js";
import type { LockCommand, QueuePolicy } from "../protocol/command.js";
import type { FenceSource } from "../protocol/fence.js";
import { longestShort } from "../protocol/memory.js";
import { permitNumber } from "../protocol/permit-keys.js";
import type { Vote } from "../protocol/vote.js";
import { Claim, type Decided, type OnAnswer } from "./claim.js";
import type { ClaimCommand, Grant, MemberRecord } from "./claim-command.js";
import type { MemberGate } from "./member-gate.js";
import { PermitRound } from "./permit-round.js";
import type { Round, RoundContext } from "./round.js";

/** Without a place, in no order. */
const barging: QueuePolicy = { place: null, barge: true };

/**
 * The claim of an attempt to take permits of a semaphore. Each node takes the first free ones. Once a quorum has granted enough
 * permits, the claim is narrowed to them: what nodes have granted besides is released there, and the claim is about these
 * keys alone.
 */
export class PermitClaim extends Claim {
  /** The keys that each node has granted; none after a denial. Undefined for a node that has not answered. */
  private readonly answers: (readonly string[] | undefined)[] = [];
  private isNarrowed = false;

  constructor(
    context: RoundContext,
    /** The keys of all permits, in the order of preference. */
    private readonly all: readonly string[],
    readonly weight: number,
    token: string,
    caller: AsyncContext,
    /** Called with the votes of each round about the permits, as soon as it is decided. */
    private readonly onVotes: (votes: readonly Vote[]) => void,
  ) {
    super(context, all, token, null, caller);
  }

  override acquire(
    ttl: number,
    timeout: number,
    fences: FenceSource | null,
    queue: QueuePolicy | null,
    decided: Decided,
    gate: MemberGate | null = null,
  ): void {
    const { all, token, weight } = this;
    this.maxTtl = ttl;
    this.place = queue?.place ?? null;
    const command = { op: "acquireAny", keys: all, token, ttl, weight, queue: queue ?? barging } as const;
    this.askWith(fences, command, timeout, decided, gate);
  }

  /** A node that has not answered may hold any permits. */
  override keysAt({ index }: MemberRecord): readonly string[] {
    const { all, isNarrowed, keys, answers } = this;
    const answered = answers[index];
    if (answered === undefined) return all;
    const held = isNarrowed ? keys : all.slice(0, 1);
    const more = answered.filter((key) => !held.includes(key));
    if (more.length === 0) return held;
    return isNarrowed ? [...held, ...more] : answered;
  }

  override onGranted(command: ClaimCommand, answer: Grant): void {
    if (answer.permits !== undefined) this.answered(command, answer.permits);
    super.onGranted(command, answer);
    if (this.isNarrowed && this.undo === null && answer.permits !== undefined) this.narrowAt(command.record);
  }

  override onDenied(command: ClaimCommand): void {
    const isAnswer = command.command.op === "acquireAny";
    if (isAnswer) this.answered(command, []);
    super.onDenied(command);
    if (isAnswer && this.isNarrowed && this.undo === null) this.narrowAt(command.record);
  }

  override onLost(command: ClaimCommand): void {
    super.onLost(command);
    if (command.command.op !== "acquireAny" || !this.isNarrowed || this.undo !== null) return;
    this.releaseSurplus(
      command.record,
      this.all.filter((key) => !this.keys.includes(key)),
    );
  }

  protected override roundFor(
    command: LockCommand,
    timeout: number,
    decided: Decided,
    onAnswer: OnAnswer | null,
  ): Round {
    if (command.op !== "acquireAny") return super.roundFor(command, timeout, decided, onAnswer);
    const { context, weight, all } = this;
    const round = new PermitRound(
      context,
      weight,
      all.length,
      timeout,
      (result) => {
        this.onVotes(result.votes);
        if (result.verdict === "granted") this.narrow(round.chosen);
        decided(result);
      },
      onAnswer,
    );
    return round;
  }

  private answered({ record }: ClaimCommand, permits: readonly number[]): void {
    this.answers[record.index] = this.keysOf(permits);
  }

  private keysOf(permits: readonly number[]): readonly string[] {
    return this.all.filter((key) => permits.includes(permitNumber(key)));
  }

  /** A quorum has granted these permits. Nodes that have not answered follow when they do. */
  private narrow(permits: readonly number[]): void {
    this.isNarrowed = true;
    this.permits = permits;
    this.keys = this.keysOf(permits);
    for (const record of this.records) this.narrowAt(record);
  }

  /** Releases what the node granted besides, and sets the chosen keys there. A node that denied gives up the place. */
  private narrowAt(record: MemberRecord): void {
    const answered = this.answers[record.index];
    if (answered === undefined) return;
    if (answered.length === 0) return this.leaveAt(record);
    const surplus = answered.filter((key) => !this.keys.includes(key));
    if (surplus.length === 0) return;
    this.releaseSurplus(record, surplus);
    this.heal(record.index, this.maxTtl);
  }

  private releaseSurplus({ member, unanswered, askedOn }: MemberRecord, keys: readonly string[]): void {
    const { token, caller, maxTtl } = this;
    if (keys.length === 0) return;
    const queue = { id: this.place?.id ?? null, wake: true };
    const plain = { op: "release", keys, token, queue } as const;
    member.release({
      command: maxTtl > longestShort ? { ...plain, long: true } : plain,
      keptUntil: null,
      caller,
      ttl: maxTtl,
      reclaimable: false,
      unanswered: unanswered > 0,
      askedOn,
      answered: null,
    });
  }

  /** Under a token that nothing holds: a renewal may have set the chosen keys when this arrives. */
  private leaveAt({ member }: MemberRecord): void {
    if (this.place === null) return;
    const token = `${this.token}-`;
    member.leaveQueue({ op: "release", keys: this.keys, token, queue: { id: this.place.id, wake: false } });
  }
}
