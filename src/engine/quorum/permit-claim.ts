import type { AsyncContext } from "../../support/async-context.js";
import type { LockCommand, QueuePolicy } from "../protocol/command.js";
import type { FenceSource } from "../protocol/fence.js";
import { longestShort } from "../protocol/memory.js";
import type { Vote } from "../protocol/vote.js";
import { Claim, type Decided, type OnAnswer } from "./claim.js";
import type { ClaimCommand, Grant, MemberRecord } from "./claim-command.js";
import type { MemberGate } from "./member-gate.js";
import { PermitRound } from "./permit-round.js";
import type { Round, RoundContext } from "./round.js";

/** Without a place, in no order. */
const barging: QueuePolicy = { place: null, barge: true };

/**
 * How many permits an attempt asks for first, besides those that it needs: fewer if this process has returned those that it
 * needs. If too few of these are free, it asks for all: a command costs client and server more with each of its keys. A semaphore
 * with less than twice as many permits is asked for all at once.
 */
const spare = { returned: 1, unknown: 3 };

/** The permits of a semaphore, as an attempt asks for them. */
export interface PermitOrder {
  /** The number of permits that the semaphore has. */
  readonly number: number;
  /** The keys of all permits, in no order. */
  readonly all: readonly string[];
  /** Whether the first permits are probably free, so that they may be asked for alone. */
  readonly startsFree: boolean;
  /** Whether the first permits, as many as are needed, were returned by this process. */
  readonly startsReturned: boolean;
  /** The key of a permit; undefined for a number that no permit has. */
  keyOf(permit: number): string | undefined;
  /** The keys of the permits that are asked for first: at least this many. */
  first(count: number): readonly string[];
}

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
    private readonly order: PermitOrder,
    readonly weight: number,
    token: string,
    caller: AsyncContext,
    /** Called with the votes of each round about the permits, as soon as it is decided. */
    private readonly onVotes: (votes: readonly Vote[]) => void,
  ) {
    super(context, order.all, token, null, caller);
  }

  override acquire(
    ttl: number,
    timeout: number,
    fences: FenceSource | null,
    queue: QueuePolicy | null,
    decided: Decided,
    gate: MemberGate | null = null,
  ): void {
    const { order, token, weight } = this;
    this.maxTtl = ttl;
    this.place = queue?.place ?? null;
    const rest = { token, ttl, weight, permits: order.number, queue: queue ?? barging };
    const askFor = (count: number, onResult: Decided) => {
      const keys = order.first(count);
      this.askWith(fences, { op: "acquireAny", keys, ...rest }, timeout, onResult, gate);
    };
    const some = weight + (order.startsReturned ? spare.returned : spare.unknown);
    if (!order.startsFree || order.number < 2 * some) return askFor(order.number, decided);
    askFor(some, (result) =>
      result.verdict === "contended" ? askFor(order.number, decided) : decided(result),
    );
  }

  /** A node that has not answered everything may hold any permits. */
  override keysAt({ index, unanswered }: MemberRecord): readonly string[] {
    const { order, isNarrowed, keys, answers } = this;
    const answered = answers[index];
    if (answered === undefined || unanswered > 0) return order.all;
    const held = isNarrowed ? keys : order.all.slice(0, 1);
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
      this.order.all.filter((key) => !this.keys.includes(key)),
    );
  }

  protected override roundFor(
    command: LockCommand,
    timeout: number,
    decided: Decided,
    onAnswer: OnAnswer | null,
  ): Round {
    if (command.op !== "acquireAny") return super.roundFor(command, timeout, decided, onAnswer);
    const { context, weight } = this;
    const round = new PermitRound(
      context,
      weight,
      command.keys.length,
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
    return permits.flatMap((permit) => this.order.keyOf(permit) ?? []);
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
