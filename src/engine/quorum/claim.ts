import type { Reply } from "../node/lock-node.js";
import type { QuorumMember } from "../node/quorum-member.js";
import type { LockCommand, QueuePlace, QueuePolicy } from "../protocol/command.js";
import type { FenceSource } from "../protocol/fence.js";
import { longestShort } from "../protocol/memory.js";
import { quorumOf } from "../protocol/quorum.js";
import type { Vote } from "../protocol/vote.js";
import { type Clock, elapsed, type Instant, now } from "../time/clock.js";
import type { TimerWheel } from "../time/timer-wheel.js";
import { ClaimCommand, type MemberRecord } from "./claim-command.js";
import { answeredByQuorum, decide } from "./decision.js";
import type { PriorLease } from "./origin.js";
import { Round, type RoundContext, type RoundResult } from "./round.js";

type Decided = (result: RoundResult) => void;
type ReleaseOperation = Extract<LockCommand, { op: "release" }>;

/**
 * Maximum number of further rounds to get a fence accepted. A node that refuses a fence keeps its basis of comparison as
 * the record of the resource, which no other client raises. So one round suffices; the others serve late nodes.
 */
const fenceRounds = 3;

/** How long a release is worth delivering if it is unknown how long the nodes keep the key, in ms. */
const unknownTtl = 60_000;

/**
 * One token and all commands that are sent in its name. `discard` and `release` leave nothing behind: every node that was
 * sent anything gets a release, even a silent one, and commands that are not yet sent are dropped. `end` keeps the keys.
 */
export class Claim {
  ended = false;
  private round: Round | null = null;
  /** The lease to take over, if this is an adoption. */
  private from: PriorLease | null = null;
  private kept = false;
  private place: QueuePlace | null = null;
  /** Whether the end of the claim wakes waiters. */
  private wakesWaiters = false;
  private maxTtl = unknownTtl;
  private readonly records: MemberRecord[];

  constructor(
    private readonly context: RoundContext,
    readonly keys: readonly string[],
    readonly token: string,
    /** The nodes hold the token already, and another client may use it too. */
    private readonly shared: boolean,
    /**
     * Set if the user chose the token, and so may use it again: whether the claim is still the latest one of that token.
     */
    private readonly isLast: ((claim: Claim) => boolean) | null = null,
  ) {
    this.records = context.members.map((member, index) => ({
      index,
      member,
      touched: shared,
      unanswered: 0,
      askedOn: null,
      granted: false,
      released: false,
    }));
  }

  /**
   * Requests the keys. `fences`: requests a fencing token as well. `queue`: null if the waiters of the keys are ignored.
   */
  acquire(
    ttl: number,
    timeout: number,
    fences: FenceSource | null,
    queue: QueuePolicy | null,
    decided: Decided,
  ): void {
    const { keys, token } = this;
    const command: LockCommand =
      queue === null ? { op: "acquire", keys, token, ttl } : { op: "acquire", keys, token, ttl, queue };
    this.place = queue?.place ?? null;
    this.maxTtl = ttl;
    this.askFenced(command, timeout, fences, decided);
  }

  /** Extends keys held under a shared token. Sets no missing key: the token's other holder may have released it. */
  resume(ttl: number, timeout: number, decided: Decided): void {
    this.maxTtl = Math.max(this.maxTtl, ttl);
    this.ask({ op: "renew", keys: this.keys, token: this.token, ttl }, timeout, decided);
  }

  /**
   * Takes over the lease `from`, which a quorum must still hold. Unless `keep` is called, the end of the claim gives the
   * keys back to `from`: a failed adoption must not end the lease.
   */
  swap(from: PriorLease, ttl: number, timeout: number, fences: FenceSource | null, decided: Decided): void {
    this.from = from;
    this.maxTtl = ttl;
    const command: LockCommand = { op: "swap", keys: this.keys, from: from.token, token: this.token, ttl };
    this.askFenced(command, timeout, fences, decided);
  }

  /** The adoption or the resumption has succeeded: from now on the end of the claim ends the lease. */
  keep(): void {
    this.kept = true;
  }

  /**
   * Extends the claim. Nodes that lack the key receive a command to set it again, but only once `decided` has accepted the renewal
   * (a live quorum, in time) by returning true. A shared token is not set again: another process may be releasing it.
   */
  renew(ttl: number, timeout: number, decided: (result: RoundResult) => boolean): void {
    const heal: LockCommand = { op: "heal", keys: this.keys, token: this.token, ttl };
    const missing: number[] = [];
    this.maxTtl = Math.max(this.maxTtl, ttl);
    let accepted = false;
    const onAnswer = (member: number, reply: Reply) => {
      if (reply.kind !== "denied" || reply.holder !== null) return;
      if (accepted) this.send(member, heal, null);
      else missing.push(member);
    };
    const onResult = (result: RoundResult) => {
      accepted = decided(result) && !this.shared;
      if (accepted) for (const member of missing) this.send(member, heal, null);
    };
    this.ask({ op: "renew", keys: this.keys, token: this.token, ttl }, timeout, onResult, onAnswer);
  }

  /** Whether any node was sent anything. */
  get sent(): boolean {
    return this.records.some(({ touched }) => touched);
  }

  /** The votes of the current round; the other nodes have been silent for `waited` ms. */
  votesSoFar(waited: number): Vote[] {
    return this.round?.soFar(waited) ?? [];
  }

  /** Ends the claim and keeps the keys: nothing more is sent in the name of the claim. */
  end(): void {
    this.ended = true;
    this.round?.abandon();
  }

  /** Ends the claim on every node that was sent anything. `wake`: a majority may have granted it, so wake waiters. */
  discard(wake: boolean): void {
    this.end();
    if (this.shared && !this.kept) return;
    this.wakesWaiters = wake;
    for (const record of this.records) this.releaseAt(record, ignore);
  }

  /** Gives up the place in the queues of all nodes, because an earlier claim may have been sent to other nodes. */
  leave(place: QueuePlace): void {
    const { keys, token } = this;
    const command: LockCommand = { op: "release", keys, token, queue: { id: place.id, wake: false } };
    for (const { member } of this.records) member.leaveQueue(command);
  }

  /** Like `discard(true)`, and reports "granted" once a quorum has answered, or "noQuorum" if none can. */
  release(timeout: number, decided: Decided): void {
    this.end();
    this.wakesWaiters = true;
    const round = new Round(this.context, timeout, answeredByQuorum, decided);
    this.round = round;
    round.start((index) => this.releaseAt(this.records[index], (reply) => round.vote(index, reply)), true);
  }

  /**
   * A quorum must accept the fence. If too many nodes have seen a higher one, the next round proposes a fence above it.
   */
  private askFenced(
    command: LockCommand,
    timeout: number,
    fences: FenceSource | null,
    decided: Decided,
    fence = fences?.propose() ?? 0,
    roundsLeft = fenceRounds,
  ): void {
    if (fences === null) return this.ask(command, timeout, decided);
    this.ask({ ...command, fence } as LockCommand, timeout, (result) => {
      if (result.verdict !== "granted") return decided(result);
      const answers = result.votes.flatMap((vote) =>
        vote.kind === "granted" && vote.fence ? [vote.fence] : [],
      );
      if (answers.filter(({ accepted }) => accepted).length >= quorumOf(this.context.members.length)) {
        return decided({ ...result, fence });
      }
      if (roundsLeft === 0) return decided({ ...result, verdict: "noQuorum" });
      const higher = fences.raise(answers.map(({ highest }) => highest));
      const raise: LockCommand = { op: "fence", keys: this.keys, token: this.token, fence: higher };
      this.askFenced(raise, timeout, fences, decided, higher, roundsLeft - 1);
    });
  }

  private ask(
    command: LockCommand,
    timeout: number,
    decided: Decided,
    onAnswer: ((member: number, reply: Reply) => void) | null = null,
  ): void {
    if (this.ended) return;
    const round = new Round(this.context, timeout, decide, decided, onAnswer);
    this.round = round;
    round.start((index) => this.send(index, command, round));
  }

  /** `round`: counts the answer; null if the answer does not matter. */
  private send(index: number, command: LockCommand, round: Round | null): void {
    const record = this.records[index];
    if (record === undefined || this.ended) return;
    const askedAt = this.isLast === null ? null : now(this.context.clock);
    record.member.ask(new ClaimCommand(this, command, record, askedAt, round));
  }

  /** A redirect or a reconnection inside the client can reorder commands, so a grant may follow the release. */
  onGranted(command: ClaimCommand): void {
    command.record.granted = true;
    this.releaseAgain(command);
  }

  /** Releases again after a command that was granted or lost: it may have arrived after the release. */
  releaseAgain({ record, askedAt }: ClaimCommand): void {
    if (record.released && this.mayUndo(askedAt)) this.releaseAt(record, ignore);
  }

  private releaseAt(record: MemberRecord | undefined, answered: (reply: Reply) => void): void {
    if (record === undefined) return;
    const { member } = record;
    const { from, maxTtl } = this;
    // A node may still hold the old token without having been sent the new one.
    const inherited = from !== null && this.kept;
    if (!record.touched && !inherited) return answered({ kind: "denied", holder: null });
    // These tokens may be claimed again.
    const reclaimable = this.shared || this.named || from !== null;
    const { askedOn } = record;
    const unanswered = record.unanswered > 0;
    const release = (command: LockCommand, onReply: ((reply: Reply) => void) | null, ttl: number = maxTtl) =>
      member.release({ command, ttl, reclaimable, unanswered, askedOn, answered: onReply });
    if (from !== null && (this.kept || this.named)) {
      // A node that was never sent the new token keeps the key for the ttl of the lease that was handed over.
      const inheritedTtl = Math.max(from.ttl, maxTtl);
      release({ op: "release", keys: this.keys, token: from.token, long: true }, null, inheritedTtl);
      if (!this.kept && !record.granted) {
        record.released = true;
        return answered({ kind: "denied", holder: null });
      }
    }
    release(this.undo(this.token), (reply) => {
      record.released = true;
      answered(reply);
    });
  }

  /**
   * Whether a release is safe: another process may use a chosen token, unless this claim used it last, within the ttl.
   */
  private mayUndo(askedAt: Instant | null): boolean {
    if (askedAt === null) return true;
    return !this.kept && this.isLast?.(this) === true && elapsed(this.context.clock, askedAt) < this.maxTtl;
  }

  private get named(): boolean {
    return this.isLast !== null;
  }

  /** Whether a node may have recorded a long lease. The ttl may be longer than known if only the token is known. */
  private get isLong(): boolean {
    return this.maxTtl > longestShort || this.shared || this.from !== null;
  }

  private undo(token: string): LockCommand {
    const { keys, from } = this;
    if (from === null || this.kept || this.named) {
      // A grant has already left the queue. Nodes that denied the claim keep its place until now.
      const plain: ReleaseOperation = this.wakesWaiters
        ? { op: "release", keys, token, queue: { id: this.place?.id ?? null, wake: true } }
        : { op: "release", keys, token };
      return this.isLong ? { ...plain, long: true } : plain;
    }
    return { op: "giveBack", keys, token: from.token, from: token, ttl: from.ttl };
  }
}

const ignore = () => {};
