import type { Reply } from "../node/lock-node.js";
import { PendingCommand } from "../node/pending-command.js";
import type { QuorumMember } from "../node/quorum-member.js";
import { claims, type LockCommand, type QueuePlace, type QueuePolicy } from "../protocol/command.js";
import type { FenceSource } from "../protocol/fence.js";
import { longestShort } from "../protocol/memory.js";
import type { Vote } from "../protocol/vote.js";
import { type Clock, elapsed, type Instant, now } from "../time/clock.js";
import type { TimerWheel } from "../time/timer-wheel.js";
import { decide, quorumOf, type Tally, type Verdict } from "./decision.js";
import { Round, type RoundResult, type Rule } from "./round.js";

/** A lease that somebody handed over: its token, and the ttl (ms) that it was given. */
export interface PriorLease {
  readonly token: string;
  readonly ttl: number;
}

/**
 * Where a lease comes from, unless it is a new one: handed over, to go on under a token of its own, or under the one
 * that the user wants (`as`); or one that the nodes hold for somebody else too, and that goes on here under its token.
 */
export type Origin =
  | ({ readonly kind: "handover"; readonly as?: string } & PriorLease)
  | { readonly kind: "shared"; readonly token: string };

type Decided = (result: RoundResult) => void;
type ReleaseOperation = Extract<LockCommand, { op: "release" }>;

/**
 * Rounds after the first one to get a fence accepted. A node that refuses keeps what it compared with as its record of
 * the resource, which nobody else raises: so one round does, and the others are for nodes that had not answered.
 */
const fenceRounds = 3;

/** ms for which a release is still worth delivering where nobody knows how long the nodes keep the key. */
const unknownTtl = 60_000;

/** What one seat has been asked in the name of the token. */
interface MemberRecord {
  readonly member: QuorumMember;
  /** The node may hold the token. */
  touched: boolean;
  /** Requests that may make the node hold the token, sent and not answered by the server. */
  unanswered: number;
  /** The connection on which the first of them was sent; null if nobody can tell. */
  askedOn: number | null;
  /** It has said that it holds the token. */
  granted: boolean;
  /** What it grants from now on is to be released again. */
  over: boolean;
}

/** What a claim needs of its quorum. */
export interface ClaimContext {
  readonly members: readonly QuorumMember[];
  readonly clock: Clock;
  readonly timerWheel: TimerWheel;
}

/** One command to one node in the name of a claim. */
class ClaimCommand extends PendingCommand {
  private sent = false;

  constructor(
    private readonly claim: Claim,
    readonly command: LockCommand,
    readonly record: MemberRecord,
    readonly askedAt: Instant | null,
    private readonly replied: (reply: Reply) => void,
  ) {
    super();
  }

  wanted(): boolean {
    return !this.claim.ended;
  }

  override markSent(listener: Parameters<PendingCommand["markSent"]>[0]): void {
    const { record } = this;
    record.touched = true;
    // The first one that is unanswered counts: a later connection says nothing about what was lost with an earlier one.
    if (record.unanswered === 0) record.askedOn = record.member.connection;
    record.unanswered++;
    this.sent = true;
    super.markSent(listener);
  }

  onReply(reply: Reply): void {
    if (this.sent && isAnswer(reply)) this.record.unanswered--;
    if (claims(this.command)) {
      if (reply.kind === "granted") this.claim.noteGrant(this);
      else if (reply.kind === "failed" && reply.reason === "connection") this.claim.releaseAgain(this);
    }
    this.replied(reply);
  }
}

/**
 * One token and all that the nodes are asked in its name, so that its end leaves nothing behind: a release goes to
 * every node that was sent anything, silent ones too, and what is still to be sent by then is not.
 */
export class Claim {
  ended = false;
  private round: Round | null = null;
  /** What to take over from, for an adoption. */
  private from: PriorLease | null = null;
  private kept = false;
  private place: QueuePlace | null = null;
  /** Whether its end is told to those who wait. */
  private wakes = false;
  private longestTtl = unknownTtl;
  private readonly records: MemberRecord[];

  constructor(
    private readonly context: ClaimContext,
    readonly keys: readonly string[],
    readonly token: string,
    /** The nodes hold the token already, for somebody else too. */
    private readonly shared: boolean,
    /**
     * Where the user gave the token, and may give it again: where it stands it may not be by this claim. Tells whether
     * this is still the last claim of that name.
     */
    private readonly isLast: ((claim: Claim) => boolean) | null = null,
  ) {
    this.records = context.members.map((member) => ({
      member,
      touched: shared,
      unanswered: 0,
      askedOn: null,
      granted: false,
      over: false,
    }));
  }

  /** `fences`: ask for a fencing token as well. `queue`: heed those who wait; null where nobody is waited for. */
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
    this.longestTtl = ttl;
    this.askFenced(command, timeout, fences, decided);
  }

  /** Extends what the nodes hold under a shared token. Puts nothing back: its other holder may have released it. */
  resume(ttl: number, timeout: number, decided: Decided): void {
    this.longestTtl = Math.max(this.longestTtl, ttl);
    this.ask({ op: "renew", keys: this.keys, token: this.token, ttl }, timeout, decided);
  }

  /**
   * Takes over from `from`, which must still be what a quorum holds. Until `keep` is called the end of the claim gives
   * the keys back to `from`: a failed attempt must not cost the lease that it was to take over.
   */
  swap(from: PriorLease, ttl: number, timeout: number, fences: FenceSource | null, decided: Decided): void {
    this.from = from;
    this.longestTtl = ttl;
    const command: LockCommand = { op: "swap", keys: this.keys, from: from.token, token: this.token, ttl };
    this.askFenced(command, timeout, fences, decided);
  }

  /** The adoption, or the resumption, has succeeded: from now on the end of the claim ends the lease. */
  keep(): void {
    this.kept = true;
  }

  /**
   * Extends the claim; nodes that lack the key are told to put it back, but only once `decided` has accepted the
   * renewal (a live quorum, in time) by answering true. A shared token is not put back: whether it is being released
   * elsewhere cannot be known.
   */
  renew(ttl: number, timeout: number, decided: (result: RoundResult) => boolean): void {
    const heal: LockCommand = { op: "heal", keys: this.keys, token: this.token, ttl };
    const missing: number[] = [];
    this.longestTtl = Math.max(this.longestTtl, ttl);
    let accepted = false;
    const onAnswer = (member: number, reply: Reply) => {
      if (reply.kind !== "denied" || reply.holder !== null) return;
      if (accepted) this.send(member, heal, () => {});
      else missing.push(member);
    };
    const onResult = (result: RoundResult) => {
      accepted = decided(result) && !this.shared;
      if (accepted) for (const member of missing) this.send(member, heal, () => {});
    };
    this.ask({ op: "renew", keys: this.keys, token: this.token, ttl }, timeout, onResult, onAnswer);
  }

  /** Whether any node was sent anything. */
  get sent(): boolean {
    return this.records.some(({ touched }) => touched);
  }

  /** The votes of the round under way, and what the silence of the others means after so many ms. */
  votesSoFar(waited: number): Vote[] {
    return this.round?.soFar(waited) ?? [];
  }

  /** Ends the claim and leaves the keys: from now on nothing is sent in its name. */
  end(): void {
    this.ended = true;
    this.round?.abandon();
  }

  /**
   * Ends the claim on every node that was sent anything, and waits for nobody. `wake`: those who wait are told; they are
   * not where only a minority can have granted it.
   */
  discard(wake: boolean): void {
    this.end();
    if (this.shared && !this.kept) return;
    this.wakes = wake;
    for (const record of this.records) this.releaseAt(record, ignore);
  }

  /** Gives up the place in the queues of all nodes: those that this claim was not sent to may have been asked before. */
  leave(place: QueuePlace): void {
    const { keys, token } = this;
    const command: LockCommand = { op: "release", keys, token, queue: { id: place.id, wake: false } };
    for (const { member } of this.records) member.leaveQueue(command);
  }

  /** As `discard(true)`, and tells when a quorum has answered ("granted"), or that no more will ("noQuorum"). */
  release(timeout: number, decided: Decided): void {
    this.end();
    this.wakes = true;
    const round = this.newRound(timeout, answeredByQuorum, decided);
    round.start((index) => this.releaseAt(this.records[index], (reply) => round.vote(index, reply)), true);
  }

  /**
   * A quorum must accept the fence that travels with the command. Where too many nodes have seen a higher one, the next
   * round proposes one above it.
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

  private newRound(timeout: number, rule: Rule, decided: Decided): Round {
    const { members, timerWheel, clock } = this.context;
    this.round = new Round(members, timerWheel, clock, timeout, rule, decided);
    return this.round;
  }

  private ask(
    command: LockCommand,
    timeout: number,
    decided: Decided,
    onAnswer: ((member: number, reply: Reply) => void) | null = null,
  ): void {
    if (this.ended) return;
    const round = this.newRound(timeout, decide, decided);
    round.start((index) =>
      this.send(index, command, (reply) => {
        onAnswer?.(index, reply);
        round.vote(index, reply);
      }),
    );
  }

  private send(index: number, command: LockCommand, onReply: (reply: Reply) => void): void {
    const record = this.records[index];
    if (record === undefined || this.ended) return;
    const askedAt = this.named ? now(this.context.clock) : null;
    record.member.ask(new ClaimCommand(this, command, record, askedAt, onReply));
  }

  /** A redirect or a reconnection inside the client can turn the order round: granted after the release. */
  noteGrant(command: ClaimCommand): void {
    command.record.granted = true;
    this.releaseAgain(command);
  }

  /** Of what was granted, or lost on its way, behind the release: it may have arrived later than that. */
  releaseAgain({ record, askedAt }: ClaimCommand): void {
    if (record.over && this.mayUndo(askedAt)) this.releaseAt(record, ignore);
  }

  private releaseAt(record: MemberRecord | undefined, answered: (reply: Reply) => void): void {
    if (record === undefined) return;
    const { member } = record;
    const { from, longestTtl } = this;
    // What was taken over may be where the one who took it over was never sent.
    const inherited = from !== null && this.kept;
    if (!record.touched && !inherited) return answered({ kind: "denied", holder: null });
    // These tokens may be claimed again.
    const recurring = this.shared || this.named || from !== null;
    const { askedOn } = record;
    const unanswered = record.unanswered > 0;
    const release = (
      command: LockCommand,
      heard: ((reply: Reply) => void) | null,
      ttl: number = longestTtl,
    ) => member.release({ command, ttl, recurring, unanswered, askedOn, answered: heard });
    if (from !== null && (this.kept || this.named)) {
      // A node that was never sent the new token keeps the key for as long as its giver asked for.
      const inheritedTtl = Math.max(from.ttl, longestTtl);
      release({ op: "release", keys: this.keys, token: from.token, long: true }, null, inheritedTtl);
      if (!this.kept && !record.granted) {
        record.over = true;
        return answered({ kind: "denied", holder: null });
      }
    }
    release(this.undo(this.token), (reply) => {
      record.over = true;
      answered(reply);
    });
  }

  /** A name may be somebody else's by now, unless it was claimed within the ttl, and by nobody here since. */
  private mayUndo(askedAt: Instant | null): boolean {
    if (askedAt === null) return true;
    return (
      !this.kept && this.isLast?.(this) === true && elapsed(this.context.clock, askedAt) < this.longestTtl
    );
  }

  private get named(): boolean {
    return this.isLast !== null;
  }

  /** Whether a node may have recorded the lease on its own: also where only its token is known. */
  private get isLong(): boolean {
    return this.longestTtl > longestShort || this.shared || this.from !== null;
  }

  private undo(token: string): LockCommand {
    const { keys, from } = this;
    if (from === null || this.kept || this.named) {
      // Where the place was left by a grant it is not left again; nodes that denied it keep it until now.
      const plain: ReleaseOperation = this.wakes
        ? { op: "release", keys, token, queue: { id: this.place?.id ?? null, wake: true } }
        : { op: "release", keys, token };
      return this.isLong ? { ...plain, long: true } : plain;
    }
    return { op: "giveBack", keys, token: from.token, from: token, ttl: from.ttl };
  }
}

const ignore = () => {};

/** Whether it is known what became of the request: one that was lost, or waited for in vain, may still reach the server. */
const isAnswer = (reply: Reply): boolean =>
  reply.kind !== "failed" || (reply.reason !== "connection" && reply.reason !== "timeout");

/** A release is through when a quorum of nodes has said anything, or when all have spoken or failed. */
function answeredByQuorum({ granted, denied, failed }: Tally, nodes: number): Verdict | null {
  if (granted + denied >= quorumOf(nodes)) return "granted";
  return granted + denied + failed === nodes ? "noQuorum" : null;
}
