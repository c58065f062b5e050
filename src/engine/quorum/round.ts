import type { Reply } from "../node/lock-node.js";
import type { QuorumMember } from "../node/quorum-member.js";
import { reservation } from "../protocol/command.js";
import type { Membership } from "../protocol/membership.js";
import { failed } from "../protocol/refusal.js";
import type { Answer, Vote } from "../protocol/vote.js";
import { afterPoll, type Clock } from "../time/clock.js";
import { TimerEntry, type TimerWheel } from "../time/timer-wheel.js";
import { newTally, type Rule, type Tally, type Verdict, verdictOf } from "./decision.js";

/** The votes of one round, and the verdict. */
export interface RoundResult {
  readonly verdict: Verdict;
  /** The votes that had arrived when the verdict was clear. */
  readonly votes: readonly Vote[];
  /** The fence that a quorum accepted, if one was requested. */
  readonly fence?: number;
  /** ms from the start of the round to the verdict, by the monotonic clock. */
  readonly took: number;
  /** Gives access to the votes that arrive after the verdict. */
  readonly ballot: Ballot;
}

interface Ballot {
  /** Resolves to all votes. A node that does not answer within the timeout has a failed vote. */
  everyVote(): Promise<readonly Vote[]>;
}

/** The quorum of a round. */
export interface RoundContext {
  readonly members: readonly QuorumMember[];
  readonly membership: Membership;
  readonly clock: Clock;
  readonly timerWheel: TimerWheel;
}

/**
 * One command sent to all nodes at once. The round decides as early as the votes allow; a node that does not answer
 * within the timeout has a failed vote.
 */
export class Round extends TimerEntry implements Ballot {
  private readonly votes: Vote[] = [];
  /** Votes that arrived after the verdict. */
  private readonly late: Vote[] = [];
  /** The votes of each set of nodes. */
  private readonly tallies: readonly Tally[];
  private readonly answered: boolean[] = [];
  private over = false;
  private dueAt = 0;
  private askedAt = 0;
  private completion: Promise<readonly Vote[]> | null = null;
  private complete: (votes: readonly Vote[]) => void = ignore;
  /**
   * Whether the round may end before the timeout while its votes are split, because the attempt is made again. What a minority
   * has granted keeps other waiters out meanwhile.
   */
  mayEndEarly = false;

  constructor(
    protected readonly context: RoundContext,
    /** Limit in ms for the answers. */
    private readonly timeout: number,
    private readonly rule: Rule,
    private decided: (result: RoundResult) => void,
    /** Called with each answer before it counts. */
    private readonly onAnswer: ((member: number, reply: Reply) => void) | null = null,
  ) {
    super();
    this.tallies = context.membership.sets.map(newTally);
  }

  /**
   * Asks each member; `ask` leads to one `vote` call per member, now or later. If votes fail at once, the verdict may be
   * clear before all members were asked: the others are then asked only if `everybody` is true.
   */
  start(ask: (member: number) => void, everybody = false): void {
    const { members, clock, timerWheel } = this.context;
    this.askedAt = clock.monotonic();
    this.dueAt = this.lastDueAt;
    let asked = 0;
    for (; asked < members.length && (everybody || !this.over); asked++) ask(asked);
    for (; asked < members.length; asked++)
      this.vote(asked, failed("notAsked", "not asked: the other nodes had decided already"));
    // After the requests, so that they are written before a system timer is set.
    if (!this.over) timerWheel.scheduleAt(this, this.dueAt);
  }

  vote(member: number, reply: Reply): void {
    this.onAnswer?.(member, reply);
    if (reply.kind !== "failed")
      this.context.members[member]?.noteAnswer(this.context.clock.monotonic() - this.askedAt);
    if (this.answered[member] === true) return;
    const isVote = reply.kind !== "report" && reply.kind !== "partly";
    this.count(member, isVote ? reply : failed("garbage", "this reply is not a vote"));
    this.settle();
    if (this.mayEndEarly && !this.over) this.hasten();
  }

  everyVote(): Promise<readonly Vote[]> {
    if (this.completion === null) {
      this.completion = new Promise((resolve) => {
        this.complete = resolve;
      });
      if (this.over) this.context.timerWheel.scheduleAt(this, this.lastDueAt);
      this.settle();
    }
    return this.completion;
  }

  /** The votes so far, with the answer for the nodes that have been silent for `waited` ms. */
  soFar(waited: number): Vote[] {
    const silent = this.context.members.filter((_, index) => this.answered[index] !== true);
    return [
      ...this.votes,
      ...this.late,
      ...silent.map((member) => ({ ...member.silentFor(waited), node: member.name })),
    ];
  }

  /** Ends the round without a further callback. */
  abandon(): void {
    this.over = true;
    // The requests of a hung node keep this round alive, but must not keep the caller alive.
    this.decided = ignore;
    if (this.completion === null) this.context.timerWheel.remove(this);
  }

  /** Replies that have already arrived in the socket count: they are read before silent nodes are counted as failed. */
  due(): void {
    afterPoll(this.context.clock, () => this.countSilent());
  }

  private countSilent(): void {
    if (this.over && this.completion === null) return;
    const waited = Math.min(this.timeout, Math.round(this.context.clock.monotonic() - this.askedAt));
    for (const [index, member] of this.context.members.entries()) {
      if (this.answered[index] !== true) this.count(index, member.silentFor(waited));
    }
    this.settle();
  }

  /** Ends the round now, if its votes are split and it may end early. */
  endIfSplit(): void {
    if (this.mayEndEarly && !this.over && this.isSplit) this.countSilent();
  }

  /** Whether a quorum of each set has voted. There is no verdict yet. */
  private get isSplit(): boolean {
    const { sets } = this.context.membership;
    return this.tallies.every(({ granted, denied }, set) => granted + denied >= (sets[set]?.quorum ?? 0));
  }

  /** The end of the timeout. */
  private get lastDueAt(): number {
    return Math.ceil(this.askedAt + Math.max(0, this.timeout));
  }

  /** Ends the round earlier if its votes are split and the silent nodes, which could decide, take longer than usual. */
  private hasten(): void {
    if (!this.isSplit) return;
    const { members, clock, timerWheel } = this.context;
    const silent = members.filter((_, index) => this.answered[index] !== true);
    const usual = Math.max(0, ...silent.map(({ longestAnswer }) => longestAnswer));
    const patience = Math.max(minPatience, patienceFactor * usual);
    const dueAt = Math.ceil(Math.max(clock.monotonic(), this.askedAt + patience));
    if (dueAt >= this.lastDueAt || dueAt === this.dueAt) return;
    this.dueAt = dueAt;
    timerWheel.remove(this);
    timerWheel.scheduleAt(this, dueAt);
  }

  /** The verdict, as soon as the missing votes cannot change it; null before. */
  protected verdict(): Verdict | null {
    return verdictOf(this.rule, this.tallies, this.context.membership.sets);
  }

  protected count(index: number, answer: Answer): void {
    const member = this.context.members[index] as QuorumMember;
    this.answered[index] = true;
    for (const set of this.context.membership.setsOf[index] ?? [])
      (this.tallies[set] as Tally)[answer.kind]++;
    const plain = answer.kind === "granted" && answer.fence === undefined && answer.permits === undefined;
    const vote = plain ? member.granted : { ...answer, node: member.name };
    // The array that was passed with the verdict must not change any more.
    if (this.over) this.late.push(vote);
    else this.votes.push(vote);
  }

  private settle(): void {
    if (!this.over) {
      const verdict = this.verdict();
      if (verdict !== null) {
        const { decided } = this;
        this.abandon();
        const took = this.context.clock.monotonic() - this.askedAt;
        decided({ verdict, votes: this.votes, took, ballot: this });
      }
    }
    if (this.completion === null || this.votes.length + this.late.length < this.context.members.length)
      return;
    this.context.timerWheel.remove(this);
    this.complete([...this.votes, ...this.late]);
  }
}

/** ms: as long as a free lock is kept for the waiter whose turn it is. */
const minPatience = reservation;
/** A node that takes this many times as long as usual is not waited for. */
const patienceFactor = 2;

const ignore = () => {};
