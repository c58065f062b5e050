import type { Reply } from "../node/lock-node.js";
import type { QuorumMember } from "../node/quorum-member.js";
import { failed } from "../protocol/refusal.js";
import type { Answer, Vote } from "../protocol/vote.js";
import { afterPoll, type Clock } from "../time/clock.js";
import { TimerEntry, type TimerWheel } from "../time/timer-wheel.js";
import type { Tally, Verdict } from "./decision.js";

/** The votes of one question, and what they decide. */
export interface RoundResult {
  readonly verdict: Verdict;
  /** As far as they had come in when the verdict was clear. */
  readonly votes: readonly Vote[];
  /** Accepted by a quorum, if one was asked for. */
  readonly fence?: number;
  /** ms from the question to the verdict, by the monotonic clock. */
  readonly took: number;
  /** Where the votes that were not waited for come in. */
  readonly ballot: Ballot;
}

interface Ballot {
  /** All votes, once they are in; who says nothing within the timeout has failed its vote. */
  everyVote(): Promise<readonly Vote[]>;
}

/** The verdict, as soon as the missing votes cannot change it; null before. */
export type Rule = (stepCounts: Tally, nodes: number) => Verdict | null;

/**
 * One question put to all nodes at once. Decides as early as the votes allow; a node that says nothing within the
 * timeout has failed its vote.
 */
export class Round extends TimerEntry implements Ballot {
  private readonly votes: Vote[] = [];
  /** What came in when the verdict was clear. */
  private readonly late: Vote[] = [];
  private readonly stepCounts: Tally = { granted: 0, denied: 0, failed: 0 };
  private readonly answered: boolean[] = [];
  private over = false;
  private dueAt = 0;
  private askedAt = 0;
  private completion: Promise<readonly Vote[]> | null = null;
  private complete: (votes: readonly Vote[]) => void = ignore;

  constructor(
    private readonly members: readonly QuorumMember[],
    private readonly timerWheel: TimerWheel,
    private readonly clock: Clock,
    /** ms. */
    private readonly timeout: number,
    private readonly rule: Rule,
    private decided: (result: RoundResult) => void,
  ) {
    super();
  }

  /**
   * Puts the question to each seat; `ask` leads to one `vote` call a seat, now or later. Where votes fail at once the
   * verdict may be clear before everybody was asked: the rest is then asked only if it concerns `everybody`.
   */
  start(ask: (member: number) => void, everybody = false): void {
    this.askedAt = this.clock.monotonic();
    this.dueAt = this.timerWheel.schedule(this, this.timeout);
    let asked = 0;
    for (; asked < this.members.length && (everybody || !this.over); asked++) ask(asked);
    for (; asked < this.members.length; asked++)
      this.vote(asked, failed("notAsked", "not asked: the others had decided it"));
  }

  vote(member: number, reply: Reply): void {
    if (this.answered[member] === true) return;
    this.count(member, reply.kind === "report" ? failed("garbage", "a report is no vote") : reply);
    this.settle();
  }

  everyVote(): Promise<readonly Vote[]> {
    if (this.completion === null) {
      this.completion = new Promise((resolve) => {
        this.complete = resolve;
      });
      if (this.over) this.timerWheel.scheduleAt(this, this.dueAt);
      this.settle();
    }
    return this.completion;
  }

  /** The votes so far, and what the silence of the others means after so many ms. */
  soFar(waited: number): Vote[] {
    const silent = this.members.filter((_, index) => this.answered[index] !== true);
    return [
      ...this.votes,
      ...this.late,
      ...silent.map((member) => ({ ...member.silentFor(waited), node: member.name })),
    ];
  }

  /** Nobody wants to know any more. */
  abandon(): void {
    this.over = true;
    // A node that hangs keeps its requests, and they keep this: but not who asked.
    this.decided = ignore;
    if (this.completion === null) this.timerWheel.remove(this);
  }

  /** Replies that lie in the socket count: they are read before the others' silence is counted. */
  due(): void {
    afterPoll(this.clock, () => this.countSilent());
  }

  private countSilent(): void {
    if (this.over && this.completion === null) return;
    for (const [index, member] of this.members.entries()) {
      if (this.answered[index] !== true) this.count(index, member.silentFor(this.timeout));
    }
    this.settle();
  }

  private count(index: number, answer: Answer): void {
    const member = this.members[index] as QuorumMember;
    this.answered[index] = true;
    this.stepCounts[answer.kind]++;
    const plain = answer.kind === "granted" && answer.fence === undefined;
    const vote = plain ? member.granted : { ...answer, node: member.name };
    // What was handed out with the verdict is not changed any more.
    if (this.over) this.late.push(vote);
    else this.votes.push(vote);
  }

  private settle(): void {
    if (!this.over) {
      const verdict = this.rule(this.stepCounts, this.members.length);
      if (verdict !== null) {
        const { decided } = this;
        this.abandon();
        const took = this.clock.monotonic() - this.askedAt;
        decided({ verdict, votes: this.votes, took, ballot: this });
      }
    }
    if (this.completion === null || this.votes.length + this.late.length < this.members.length) return;
    this.timerWheel.remove(this);
    this.complete([...this.votes, ...this.late]);
  }
}

const ignore = () => {};
