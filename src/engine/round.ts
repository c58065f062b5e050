import type { Clock, Timer } from "./clock.js";
import type { Reply } from "./node.js";
import type { Tally, Verdict } from "./quorum.js";
import { failed, type Seat } from "./seat.js";
import type { Answer, Vote } from "./vote.js";

/** The votes of one question, and what they decide. */
export interface RoundResult {
  readonly verdict: Verdict;
  /** As far as they had come in when the verdict was clear. */
  readonly votes: readonly Vote[];
  /** Accepted by a quorum, if one was asked for. */
  readonly fence?: number;
}

/** The verdict, as soon as the missing votes cannot change it; null before. */
export type Rule = (tally: Tally, nodes: number) => Verdict | null;

/**
 * One question put to all nodes at once. Decides as early as the votes allow; a node that says nothing within the
 * timeout has failed its vote.
 */
export class Round {
  private readonly votes: Vote[] = [];
  private readonly tally: Tally = { granted: 0, denied: 0, failed: 0 };
  private readonly answered: boolean[] = [];
  private timer: Timer | null = null;
  private over = false;

  constructor(
    private readonly seats: readonly Seat[],
    private readonly rule: Rule,
    private readonly decided: (result: RoundResult) => void,
  ) {}

  /**
   * Puts the question to each seat; `ask` leads to one `vote` call a seat, now or later. Where votes fail at once the
   * verdict may be clear before everybody was asked: the rest is then asked only if it concerns `everybody`.
   */
  start(clock: Clock, timeout: number, ask: (seat: number) => void, everybody = false): void {
    for (let seat = 0; seat < this.seats.length && (everybody || !this.over); seat++) ask(seat);
    if (!this.over) this.timer = clock.after(timeout, () => this.timeOut(timeout));
  }

  vote(seat: number, reply: Reply): void {
    if (this.over || this.answered[seat] === true) return;
    this.count(seat, reply.kind === "report" ? failed("garbage", "a report is no vote") : reply);
    this.settle();
  }

  /** The votes so far, and what the silence of the others means after so many ms. */
  soFar(waited: number): Vote[] {
    const silent = this.seats.filter((_, index) => this.answered[index] !== true);
    return [...this.votes, ...silent.map((seat) => ({ ...seat.silentFor(waited), node: seat.name }))];
  }

  /** Nobody wants to know any more. */
  abandon(): void {
    this.over = true;
    this.timer?.cancel();
  }

  private count(seat: number, answer: Answer): void {
    this.answered[seat] = true;
    this.tally[answer.kind]++;
    this.votes.push({ ...answer, node: this.seats[seat]?.name ?? "?" });
  }

  private settle(): void {
    if (this.over) return;
    const verdict = this.rule(this.tally, this.seats.length);
    if (verdict === null) return;
    this.abandon();
    this.decided({ verdict, votes: this.votes });
  }

  private timeOut(timeout: number): void {
    for (const [index, seat] of this.seats.entries()) {
      if (this.answered[index] === true) continue;
      this.count(index, seat.silentFor(timeout));
    }
    this.settle();
  }
}
