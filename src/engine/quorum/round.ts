import type { Reply } from "../node/lock-node.js";
import type { Seat } from "../node/quorum-member.js";
import { failed } from "../protocol/refusal.js";
import type { Answer, Vote } from "../protocol/vote.js";
import { afterPoll, type Clock } from "../time/clock.js";
import { type Agenda, Appointment } from "../time/timer-wheel.js";
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
export type Rule = (tally: Tally, nodes: number) => Verdict | null;

/**
 * One question put to all nodes at once. Decides as early as the votes allow; a node that says nothing within the
 * timeout has failed its vote.
 */
export class Round extends Appointment implements Ballot {
  private readonly votes: Vote[] = [];
  /** What came in when the verdict was clear. */
  private readonly late: Vote[] = [];
  private readonly tally: Tally = { granted: 0, denied: 0, failed: 0 };
  private readonly answered: boolean[] = [];
  private over = false;
  private dueAt = 0;
  private askedAt = 0;
  private completion: Promise<readonly Vote[]> | null = null;
  private complete: (votes: readonly Vote[]) => void = ignore;

  constructor(
    private readonly seats: readonly Seat[],
    private readonly agenda: Agenda,
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
  start(ask: (seat: number) => void, everybody = false): void {
    this.askedAt = this.clock.monotonic();
    this.dueAt = this.agenda.put(this, this.timeout);
    let asked = 0;
    for (; asked < this.seats.length && (everybody || !this.over); asked++) ask(asked);
    for (; asked < this.seats.length; asked++)
      this.vote(asked, failed("notAsked", "not asked: the others had decided it"));
  }

  vote(seat: number, reply: Reply): void {
    if (this.answered[seat] === true) return;
    this.count(seat, reply.kind === "report" ? failed("garbage", "a report is no vote") : reply);
    this.settle();
  }

  everyVote(): Promise<readonly Vote[]> {
    if (this.completion === null) {
      this.completion = new Promise((resolve) => {
        this.complete = resolve;
      });
      if (this.over) this.agenda.putAt(this, this.dueAt);
      this.settle();
    }
    return this.completion;
  }

  /** The votes so far, and what the silence of the others means after so many ms. */
  soFar(waited: number): Vote[] {
    const silent = this.seats.filter((_, index) => this.answered[index] !== true);
    return [
      ...this.votes,
      ...this.late,
      ...silent.map((seat) => ({ ...seat.silentFor(waited), node: seat.name })),
    ];
  }

  /** Nobody wants to know any more. */
  abandon(): void {
    this.over = true;
    // A node that hangs keeps its requests, and they keep this: but not who asked.
    this.decided = ignore;
    if (this.completion === null) this.agenda.remove(this);
  }

  /** Replies that lie in the socket count: they are read before the others' silence is counted. */
  due(): void {
    afterPoll(this.clock, () => this.countSilent());
  }

  private countSilent(): void {
    if (this.over && this.completion === null) return;
    for (const [index, seat] of this.seats.entries()) {
      if (this.answered[index] !== true) this.count(index, seat.silentFor(this.timeout));
    }
    this.settle();
  }

  private count(index: number, answer: Answer): void {
    const seat = this.seats[index] as Seat;
    this.answered[index] = true;
    this.tally[answer.kind]++;
    const plain = answer.kind === "granted" && answer.fence === undefined;
    const vote = plain ? seat.granted : { ...answer, node: seat.name };
    // What was handed out with the verdict is not changed any more.
    if (this.over) this.late.push(vote);
    else this.votes.push(vote);
  }

  private settle(): void {
    if (!this.over) {
      const verdict = this.rule(this.tally, this.seats.length);
      if (verdict !== null) {
        const { decided } = this;
        this.abandon();
        const took = this.clock.monotonic() - this.askedAt;
        decided({ verdict, votes: this.votes, took, ballot: this });
      }
    }
    if (this.completion === null || this.votes.length + this.late.length < this.seats.length) return;
    this.agenda.remove(this);
    this.complete([...this.votes, ...this.late]);
  }
}

const ignore = () => {};
